// The events of the socket as listeners see them, during their dispatch and after it.
// https://dom.spec.whatwg.org/#concept-event-dispatch

import { describeEvent, plain } from '../lib/observe.js';
import { close, connect, next, open, reportedErrors, task } from '../lib/sockets.js';

const types = ['open', 'message', 'error', 'close'];

/** A socket on which the event will happen, by itself. */
function happening(WebSocketClass, server, type) {
  if (type === 'error') return connect(WebSocketClass, `${server}/status?code=500`);
  if (type === 'close') return connect(WebSocketClass, `${server}/close?code=1000`);
  return connect(WebSocketClass, `${server}/push?count=1&size=3`);
}

export const events = types.flatMap((type) => [
  {
    name: `${type}: the fields of the event`,
    run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      return new Promise((resolve) => {
        socket.addEventListener(type, (event) => resolve(describeEvent(event, socket)));
      });
    },
  },
  {
    name: `${type}: the fields of the event in an on${type} handler`,
    run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      return new Promise((resolve) => {
        socket[`on${type}`] = (event) => resolve(describeEvent(event, socket));
      });
    },
  },
  {
    name: `${type}: this is the socket in listeners and handlers, the object in handleEvent`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const seen = [];
      socket[`on${type}`] = function () {
        seen.push(this === socket);
      };
      socket.addEventListener(type, function () {
        seen.push(this === socket);
      });
      const listener = {
        handleEvent() {
          seen.push(this === listener);
        },
      };
      socket.addEventListener(type, listener);
      await next(socket, type);
      return seen;
    },
    expected: [true, true, true],
  },
  {
    name: `${type}: listeners get one argument, the same event`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const seen = [];
      socket[`on${type}`] = (...args) => seen.push(...args);
      socket.addEventListener(type, (...args) => seen.push(...args));
      await next(socket, type);
      return [seen.length, seen[0] === seen[1]];
    },
    expected: [2, true],
  },
  {
    name: `${type}: after its dispatch the event keeps its target and nothing else`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const event = await new Promise((resolve) => socket.addEventListener(type, resolve));
      await task();
      return {
        target: event.target === socket,
        srcElement: event.srcElement === socket,
        currentTarget: event.currentTarget,
        eventPhase: event.eventPhase,
        composedPath: event.composedPath(),
        isTrusted: event.isTrusted,
      };
    },
    expected: {
      target: true,
      srcElement: true,
      currentTarget: null,
      eventPhase: 0,
      composedPath: [],
      isTrusted: true,
    },
  },
  {
    name: `${type}: the event has no property of its own but isTrusted`,
    async run(WebSocketClass, { server }) {
      const event = await next(happening(WebSocketClass, server, type), type);
      const { get, set, ...flags } = Object.getOwnPropertyDescriptor(event, 'isTrusted') ?? {};
      return [
        Reflect.ownKeys(event).map(String),
        Object.keys(event),
        flags,
        typeof get,
        typeof set,
        JSON.stringify(event),
      ];
    },
  },
  {
    name: `${type}: the prototype of the event is that of its class`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const expected = { message: MessageEvent, close: CloseEvent }[type] ?? Event;
      const during = new Promise((resolve) => {
        socket.addEventListener(type, (event) => resolve([Object.getPrototypeOf(event) === expected.prototype, event]));
      });
      const [same, event] = await during;
      return [same, Object.getPrototypeOf(event) === expected.prototype, event.constructor === expected, String(event)];
    },
    expected: [
      true,
      true,
      true,
      { message: '[object MessageEvent]', close: '[object CloseEvent]' }[type] ?? '[object Event]',
    ],
  },
  {
    name: `${type}: the target is seen through the accessors of Event.prototype`,
    run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const read = (event, name) => Object.getOwnPropertyDescriptor(Event.prototype, name).get.call(event);
      return new Promise((resolve) => {
        socket.addEventListener(type, (event) =>
          resolve(['target', 'currentTarget', 'srcElement'].map((name) => read(event, name) === socket)),
        );
      });
    },
    expected: [true, true, true],
  },
  {
    name: `${type}: the time stamp lies between the attempt and now`,
    async run(WebSocketClass, { server }) {
      const before = performance.now();
      const event = await next(happening(WebSocketClass, server, type), type);
      // Browsers round both clocks, each in its own way.
      return event.timeStamp >= before - 5 && event.timeStamp <= performance.now() + 5;
    },
    expected: true,
  },
  {
    name: `${type}: the global's current event is it while listeners run, in windows`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const seen = [];
      socket.addEventListener(type, (event) => seen.push(globalThis.event === event));
      await next(socket, type);
      await task();
      return [...seen, plain(globalThis.event)];
    },
  },
  {
    name: `${type}: preventDefault and returnValue do nothing`,
    run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      return new Promise((resolve) => {
        socket.addEventListener(type, (event) => {
          event.preventDefault();
          event.returnValue = false;
          resolve([event.defaultPrevented, event.returnValue]);
        });
      });
    },
    expected: [false, true],
  },
  {
    name: `${type}: promises settle between two listeners`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const log = [];
      socket[`on${type}`] = () => {
        log.push('handler');
        queueMicrotask(() => log.push('microtask of the handler'));
      };
      socket.addEventListener(type, () => {
        log.push('listener');
        Promise.resolve().then(() => log.push('microtask of the listener'));
      });
      await next(socket, type);
      return log;
    },
    expected: ['handler', 'microtask of the handler', 'listener', 'microtask of the listener'],
  },
  {
    name: `${type}: what a listener throws is reported before the next one runs`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const log = [];
      await reportedErrors(log, async () => {
        socket.addEventListener(type, () => {
          throw new Error('first');
        });
        socket[`on${type}`] = () => {
          log.push('handler');
          throw new Error('second');
        };
        socket.addEventListener(type, () => log.push('last'));
        await next(socket, type);
      });
      return log;
    },
    expected: [['reported', 'first'], 'handler', ['reported', 'second'], 'last'],
  },
  {
    name: `${type}: stopImmediatePropagation keeps the rest from running`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const log = [];
      const first = new Promise((resolve) => {
        socket.addEventListener(type, (event) => {
          log.push('first');
          event.stopImmediatePropagation();
          resolve();
        });
      });
      socket.addEventListener(type, () => log.push('second'));
      socket[`on${type}`] = () => log.push('handler');
      await first;
      await task();
      return log;
    },
    expected: ['first'],
  },
  {
    name: `${type}: stopPropagation on its only target stops nothing in the same phase`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const log = [];
      socket.addEventListener(type, (event) => {
        event.stopPropagation();
        log.push(event.cancelBubble);
      });
      socket.addEventListener(type, (event) => log.push(event.cancelBubble));
      await next(socket, type);
      return log;
    },
    expected: [true, true],
  },
  {
    name: `${type}: the event can be dispatched again by the page, and is no longer trusted`,
    async run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      const event = await new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
      await task();
      const seen = [];
      const other = new EventTarget();
      for (const target of [socket, other]) {
        target.addEventListener(type, (again) => seen.push(again === event, again.isTrusted, again.target === target));
      }
      return [socket.dispatchEvent(event), other.dispatchEvent(event), ...seen, event.target === other];
    },
    expected: [true, true, true, false, true, true, false, true, true],
  },
  {
    name: `${type}: while it is dispatched it cannot be dispatched again`,
    run(WebSocketClass, { server }) {
      const socket = happening(WebSocketClass, server, type);
      return new Promise((resolve) => {
        socket.addEventListener(type, (event) => {
          try {
            new EventTarget().dispatchEvent(event);
            resolve('dispatched');
          } catch (error) {
            resolve(error.name);
          }
        });
      });
    },
    expected: 'InvalidStateError',
  },
]);

events.push(
  {
    name: 'the order of all events of a life, between listeners and handlers of the same type',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      for (const type of types) {
        socket.addEventListener(type, () => log.push(`${type} 1`));
        socket[`on${type}`] = () => log.push(`${type} 2`);
        socket.addEventListener(type, () => log.push(`${type} 3`));
      }
      await next(socket, 'open');
      socket.send('x');
      await next(socket, 'message');
      await close(socket);
      return log;
    },
    expected: ['open', 'message', 'close'].flatMap((type) => [1, 2, 3].map((n) => `${type} ${n}`)),
  },
  {
    name: 'a listener added while its event is dispatched does not run for it',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener('message', ({ data }) => {
        log.push(`first ${data}`);
        if (data === 'a') socket.addEventListener('message', (event) => log.push(`added ${event.data}`));
      });
      for (const text of ['a', 'b']) {
        const answer = next(socket, 'message');
        socket.send(text);
        await answer;
      }
      return log;
    },
    expected: ['first a', 'first b', 'added b'],
  },
  {
    name: 'a listener removed by an earlier one does not run',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      const removed = () => log.push('removed');
      socket.addEventListener('message', () => socket.removeEventListener('message', removed));
      socket.addEventListener('message', removed);
      const answer = next(socket, 'message');
      socket.send('x');
      await answer;
      return log;
    },
    expected: [],
  },
  {
    name: 'a listener that spins the dispatch of a synthetic event nests',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener('message', (event) => {
        log.push(['in', event.data, event.isTrusted]);
        if (event.isTrusted) socket.dispatchEvent(new MessageEvent('message', { data: 'nested' }));
        log.push(['out', event.data, event.currentTarget === socket]);
      });
      const answer = next(socket, 'message');
      socket.send('outer');
      await answer;
      return log;
    },
    expected: [
      ['in', 'outer', true],
      ['in', 'nested', false],
      ['out', 'nested', true],
      ['out', 'outer', true],
    ],
  },
  {
    name: 'an async listener that rejects does not stop the rest',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      const rejected = new Promise((resolve) => {
        globalThis.addEventListener(
          'unhandledrejection',
          (event) => {
            event.preventDefault();
            resolve(event.reason.message);
          },
          { once: true },
        );
      });
      socket.onmessage = async () => {
        throw new Error('rejected');
      };
      socket.addEventListener('message', () => log.push('second'));
      const answer = next(socket, 'message');
      socket.send('x');
      await answer;
      return [...log, await rejected];
    },
    expected: ['second', 'rejected'],
  },
);
