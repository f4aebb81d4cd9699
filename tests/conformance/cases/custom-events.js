// dispatchEvent by the page: the socket is an EventTarget like any other, and its state takes no notice.

import { attempt, describeEvent } from '../lib/observe.js';
import { connect, next, openAndClose, reportedErrors, roundTrip } from '../lib/sockets.js';

const typeError = { threw: { class: 'TypeError', name: 'TypeError' } };
const types = ['open', 'message', 'error', 'close', 'mine'];

const synthetic = {
  open: () => new Event('open'),
  message: () => new MessageEvent('message', { data: 'synthetic', origin: 'mine', lastEventId: '7' }),
  error: () => new ErrorEvent('error', { message: 'mine' }),
  close: () => new CloseEvent('close', { code: 4321, reason: 'mine', wasClean: true }),
  mine: () => new CustomEvent('mine', { detail: 5 }),
};

export const customEvents = [
  ...types.map((type) => ({
    name: `a synthetic ${type} runs listeners and handlers at once, and is not trusted`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener(type, (event) => log.push(['listener', describeEvent(event, socket)]));
      socket[`on${type}`] = (event) => log.push(['handler', event.type]);
      const event = synthetic[type]();
      log.push(socket.dispatchEvent(event));
      return { log, after: [event.target === socket, event.currentTarget, event.eventPhase], state: socket.readyState };
    },
  })),
  {
    name: 'synthetic events do not change what the socket does',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      for (const type of types) socket.dispatchEvent(synthetic[type]());
      const states = [socket.readyState];
      await next(socket, 'open');
      for (const type of types) socket.dispatchEvent(synthetic[type]());
      states.push(socket.readyState);
      return [...states, await roundTrip(socket, 'still there')];
    },
    expected: [0, 1, 'still there'],
  },
  {
    name: 'a closed socket dispatches synthetic events still',
    async run(WebSocketClass, { server }) {
      const socket = await openAndClose(WebSocketClass, `${server}/echo`);
      const log = [];
      for (const type of types) socket.addEventListener(type, (event) => log.push([event.type, event.isTrusted]));
      for (const type of types) socket.dispatchEvent(synthetic[type]());
      return log;
    },
    expected: types.map((type) => [type, false]),
  },
  {
    name: 'dispatchEvent is false when a cancelable event was prevented, by a listener or by return false of a handler',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const outcomes = [];
      const dispatch = (cancelable) => {
        const event = new Event('open', { cancelable });
        outcomes.push([socket.dispatchEvent(event), event.defaultPrevented]);
      };
      const prevent = (event) => event.preventDefault();
      dispatch(true);
      socket.addEventListener('open', prevent);
      dispatch(true);
      dispatch(false);
      socket.removeEventListener('open', prevent);
      socket.addEventListener('open', prevent, { passive: true });
      dispatch(true);
      socket.onopen = () => false;
      dispatch(true);
      dispatch(false);
      for (const value of [true, undefined, null, 0, '', 'false']) {
        socket.onopen = () => value;
        dispatch(true);
      }
      return outcomes;
    },
  },
  {
    name: 'return true from an error handler cancels nothing, as it would on a window',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const seen = [];
      socket.onerror = (...args) => {
        seen.push(args.length, args[0] instanceof ErrorEvent);
        return true;
      };
      const outcomes = [socket.dispatchEvent(new ErrorEvent('error', { cancelable: true, message: 'mine' }))];
      socket.onerror = () => false;
      outcomes.push(socket.dispatchEvent(new ErrorEvent('error', { cancelable: true })));
      return [...outcomes, ...seen];
    },
    expected: [true, false, 1, true],
  },
  {
    name: 'what is no Event is a TypeError',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const values = [undefined, null, {}, 'open', 1, () => {}, { type: 'open' }, Object.create(Event.prototype)];
      return [
        attempt(() => socket.dispatchEvent()),
        ...values.map((value) => attempt(() => socket.dispatchEvent(value))),
      ];
    },
    expected: Array(9).fill(typeError),
  },
  {
    name: 'an event that is being dispatched is an InvalidStateError',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const outcomes = [];
      const event = new Event('mine');
      socket.addEventListener('mine', () => outcomes.push(attempt(() => socket.dispatchEvent(event))));
      socket.dispatchEvent(event);
      return outcomes;
    },
    expected: [{ threw: { class: 'DOMException', name: 'InvalidStateError', code: 11 } }],
  },
  {
    name: 'an event that was made but not initialised is an InvalidStateError',
    scopes: ['window'],
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const event = document.createEvent('Event');
      const log = [];
      socket.onclose = ({ type, isTrusted }) => log.push([type, isTrusted]);
      const outcome = attempt(() => socket.dispatchEvent(event));
      event.initEvent('close', false, false);
      socket.dispatchEvent(event);
      return [outcome, ...log];
    },
    expected: [{ threw: { class: 'DOMException', name: 'InvalidStateError', code: 11 } }, ['close', false]],
  },
  {
    name: 'an event that was stopped before runs nothing',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener('mine', () => log.push('ran'));
      const event = new Event('mine', { cancelable: true });
      event.stopPropagation();
      event.preventDefault();
      return [socket.dispatchEvent(event), log, socket.dispatchEvent(event), log];
    },
  },
  {
    name: 'an event of a bubbling kind has nowhere to go',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const seen = [];
      const spy = () => seen.push('global');
      globalThis.addEventListener('mine', spy, true);
      socket.addEventListener('mine', (event) => seen.push(event.bubbles, event.composedPath().length));
      socket.dispatchEvent(new Event('mine', { bubbles: true, composed: true }));
      globalThis.removeEventListener('mine', spy, true);
      return seen;
    },
    expected: [true, 1],
  },
  {
    name: 'promises do not settle between the listeners of a synthetic event',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener('mine', () => {
        log.push('first');
        queueMicrotask(() => log.push('microtask'));
      });
      socket.addEventListener('mine', () => log.push('second'));
      socket.dispatchEvent(new Event('mine'));
      log.push('returned');
      await null;
      return log;
    },
    expected: ['first', 'second', 'returned', 'microtask'],
  },
  {
    name: 'what a listener throws is reported and not thrown by dispatchEvent',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      await reportedErrors(log, () => {
        socket.addEventListener('mine', () => {
          throw new Error('first');
        });
        socket.addEventListener('mine', () => log.push('second'));
        log.push(attempt(() => socket.dispatchEvent(new Event('mine'))));
      });
      return log;
    },
    expected: [['reported', 'first'], 'second', { returned: true }],
  },
  {
    name: 'events of a subclass and with fields of the page pass as they are',
    run(WebSocketClass, { server }) {
      class Mine extends MessageEvent {
        extra = 'kept';
      }
      const socket = connect(WebSocketClass, `${server}/echo`);
      const event = new Mine('message', { data: { nested: true } });
      const seen = [];
      socket.onmessage = (received) => seen.push(received === event, received.extra, received.data);
      socket.dispatchEvent(event);
      return seen;
    },
    expected: [true, 'kept', { nested: true }],
  },
  {
    name: 'a synthetic event stays the object it was: its prototype, its own properties, frozen or not',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const seen = [];
      socket.addEventListener('mine', (event) => seen.push(Object.getPrototypeOf(event) === CustomEvent.prototype));
      for (const event of [new CustomEvent('mine'), Object.freeze(new CustomEvent('mine'))]) {
        seen.push(
          attempt(() => socket.dispatchEvent(event)),
          Reflect.ownKeys(event).map(String),
          event.target === socket,
        );
      }
      return seen;
    },
    expected: Array(2)
      .fill([true, { returned: true }, ['isTrusted'], true])
      .flat(),
  },
  {
    name: 'a synthetic event leaves the socket as its target, and can go on to another target',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const event = new Event('mine');
      socket.dispatchEvent(event);
      const targets = [event.target === socket];
      const other = new EventTarget();
      other.dispatchEvent(event);
      return [...targets, event.target === other];
    },
    expected: [true, true],
  },
];
