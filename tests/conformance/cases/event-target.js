// addEventListener and removeEventListener, with the socket's own events. https://dom.spec.whatwg.org/#interface-eventtarget

import { attempt } from '../lib/observe.js';
import { connect, next, open, reportedErrors } from '../lib/sockets.js';

const typeError = { threw: { class: 'TypeError', name: 'TypeError' } };
const returned = { returned: '<undefined>' };

/** Sends a message and gives the log once the listeners of its echo have run. */
async function echo(socket, log, text = 'x') {
  const answer = next(socket, 'message');
  socket.send(text);
  await answer;
  return log;
}

/** A case about the listeners of one message. */
const onMessage = (name, listen, expected) => ({
  name,
  async run(WebSocketClass, { server }) {
    const socket = await open(WebSocketClass, `${server}/echo`);
    const log = [];
    await listen(socket, log);
    return echo(socket, log);
  },
  ...(expected && { expected }),
});

/** A case about what a call throws. */
const calling = (name, call, expected) => ({
  name,
  run: (WebSocketClass, { server }) => attempt(() => call(connect(WebSocketClass, `${server}/echo`))),
  ...(expected && { expected }),
});

export const eventTarget = [
  onMessage(
    'the same listener is added once',
    (socket, log) => {
      const listener = () => log.push('run');
      for (const options of [undefined, false, {}, { once: false }, { passive: true }, { capture: false }]) {
        socket.addEventListener('message', listener, options);
      }
    },
    ['run'],
  ),
  onMessage(
    'the same listener with and without capture is two',
    (socket, log) => {
      const listener = (event) => log.push(event.eventPhase);
      socket.addEventListener('message', listener);
      socket.addEventListener('message', listener, true);
    },
    [2, 2],
  ),
  onMessage(
    // The standard runs those that capture first; Chromium does so for nodes only.
    'capturing listeners and the others, in the order of the browser',
    (socket, log) => {
      socket.addEventListener('message', () => log.push('plain'));
      socket.onmessage = () => log.push('handler');
      socket.addEventListener('message', () => log.push('capture'), true);
      socket.addEventListener('message', () => log.push('capture by option'), { capture: true });
    },
  ),
  onMessage('stopPropagation in a capturing listener, as the browser orders them', async (socket, log) => {
    socket.addEventListener('message', () => log.push('plain'));
    await new Promise((resolve) => {
      socket.addEventListener(
        'message',
        (event) => {
          event.stopPropagation();
          log.push('capture');
          resolve();
        },
        { capture: true, once: true },
      );
      socket.send('stopped');
    });
  }),
  onMessage(
    'removeEventListener needs the same type, listener and capture, and no other option',
    (socket, log) => {
      const listeners = ['type', 'function', 'capture', 'options', 'exact'].map((name) => () => log.push(name));
      const [type, other, capture, options, exact] = listeners;
      for (const listener of listeners) socket.addEventListener('message', listener, { passive: true });
      socket.removeEventListener('open', type);
      socket.removeEventListener('message', () => other());
      socket.removeEventListener('message', capture, true);
      socket.removeEventListener('message', options, { once: true, passive: false, capture: 0 });
      socket.removeEventListener('message', exact);
    },
    ['type', 'function', 'capture'],
  ),
  onMessage(
    'a removed listener that is added again goes to the end',
    (socket, log) => {
      const first = () => log.push('first');
      socket.addEventListener('message', first);
      socket.addEventListener('message', () => log.push('second'));
      socket.removeEventListener('message', first);
      socket.addEventListener('message', first);
    },
    ['second', 'first'],
  ),
  {
    name: 'a listener with once runs once, and is gone before it runs',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener(
        'message',
        (event) => {
          log.push(event.data);
          socket.dispatchEvent(new MessageEvent('message', { data: 'nested' }));
        },
        { once: true },
      );
      await echo(socket, log, 'first');
      return echo(socket, log, 'second');
    },
    expected: ['first'],
  },
  onMessage(
    'a signal removes the listener',
    (socket, log) => {
      const controller = new AbortController();
      socket.addEventListener('message', () => log.push('aborted'), { signal: controller.signal });
      socket.addEventListener('message', () => log.push('kept'), { signal: new AbortController().signal });
      controller.abort();
    },
    ['kept'],
  ),
  onMessage(
    'a signal that was aborted before adds nothing',
    (socket, log) => {
      socket.addEventListener('message', () => log.push('aborted'), { signal: AbortSignal.abort() });
    },
    [],
  ),
  onMessage(
    'a signal that is aborted by an earlier listener keeps the later one from running',
    (socket, log) => {
      const controller = new AbortController();
      socket.addEventListener('message', () => controller.abort());
      socket.addEventListener('message', () => log.push('aborted'), { signal: controller.signal });
    },
    [],
  ),
  onMessage(
    'an object with handleEvent is a listener, looked up at each event',
    (socket, log) => {
      const listener = { handleEvent: () => log.push('old') };
      socket.addEventListener('message', listener);
      listener.handleEvent = (event) => log.push(['new', event.type]);
    },
    [['new', 'message']],
  ),
  {
    // The standard reports each; Chromium reports those that throw.
    name: 'an object without a callable handleEvent is taken, and reported or passed over at each event',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      const report = (event) => {
        event.preventDefault();
        log.push(event.error?.constructor.name);
      };
      globalThis.addEventListener('error', report);
      try {
        socket.addEventListener('message', {});
        socket.addEventListener('message', { handleEvent: 1 });
        socket.addEventListener('message', {
          get handleEvent() {
            throw new RangeError('mine');
          },
        });
        socket.addEventListener('message', () => log.push('last'));
        return await echo(socket, log);
      } finally {
        globalThis.removeEventListener('error', report);
      }
    },
  },
  onMessage(
    'a function with a handleEvent is called as a function',
    (socket, log) => {
      const listener = () => log.push('function');
      listener.handleEvent = () => log.push('handleEvent');
      socket.addEventListener('message', listener);
    },
    ['function'],
  ),
  onMessage('the value that a listener returns means nothing', (socket, log) => {
    socket.addEventListener('message', () => false);
    socket.addEventListener('message', (event) => log.push(event.defaultPrevented));
  }),
  onMessage('a passive listener runs as the others', (socket, log) => {
    socket.addEventListener('message', () => log.push('passive'), { passive: true });
  }),
  onMessage(
    'a type is compared by its letters and case',
    (socket, log) => {
      for (const type of ['Message', 'MESSAGE', 'message ', 'onmessage', '']) {
        socket.addEventListener(type, () => log.push(type));
      }
      socket.addEventListener({ toString: () => 'message' }, () => log.push('stringified'));
    },
    ['stringified'],
  ),
  {
    name: 'the third argument is a boolean, an object, or whatever converts to one of them',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const values = [undefined, null, false, true, 0, 1, '', 'x', 1n, Symbol('x'), {}, [], () => {}];
      return values.map((value) => {
        const log = [];
        const listener = () => log.push('ran');
        const add = attempt(() => socket.addEventListener('probe', listener, value));
        // The listener is a capturing one if removing it as such takes it away.
        socket.removeEventListener('probe', listener, true);
        socket.dispatchEvent(new Event('probe'));
        socket.removeEventListener('probe', listener);
        return [add, log.length === 0];
      });
    },
  },
  {
    name: 'the options are read once and in order',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const reading = (log) =>
        new Proxy(
          {},
          {
            get(_, name) {
              log.push(String(name));
              return undefined;
            },
          },
        );
      const added = [];
      const removed = [];
      socket.addEventListener('message', () => {}, reading(added));
      socket.removeEventListener('message', () => {}, reading(removed));
      return { added, removed };
    },
  },
  calling('adding null gives undefined', (socket) => socket.addEventListener('message', null), returned),
  calling('adding undefined gives undefined', (socket) => socket.addEventListener('message', undefined), returned),
  calling('removing null gives undefined', (socket) => socket.removeEventListener('message', null), returned),
  calling(
    'removing what was never added gives undefined',
    (socket) => socket.removeEventListener('x', () => {}),
    returned,
  ),
  ...[1, 'function', true, Symbol('listener'), 1n].flatMap((value) => [
    calling(
      `adding a ${typeof value} is a TypeError`,
      (socket) => socket.addEventListener('message', value),
      typeError,
    ),
    calling(
      `removing a ${typeof value} is a TypeError`,
      (socket) => socket.removeEventListener('message', value),
      typeError,
    ),
  ]),
  calling('adding without arguments is a TypeError', (socket) => socket.addEventListener(), typeError),
  calling('adding without a listener is a TypeError', (socket) => socket.addEventListener('message'), typeError),
  calling('removing without a listener is a TypeError', (socket) => socket.removeEventListener('message'), typeError),
  calling('a symbol as type is a TypeError', (socket) => socket.addEventListener(Symbol('x'), () => {}), typeError),
  calling(
    'null as signal is a TypeError',
    (socket) => socket.addEventListener('x', () => {}, { signal: null }),
    typeError,
  ),
  calling(
    'an object as signal is a TypeError',
    (socket) => socket.addEventListener('x', () => {}, { signal: {} }),
    typeError,
  ),
  calling(
    'undefined as signal is none',
    (socket) => socket.addEventListener('x', () => {}, { signal: undefined }),
    returned,
  ),
  calling('an exception of an option comes through', (socket) =>
    socket.addEventListener('x', () => {}, {
      get once() {
        throw new RangeError('mine');
      },
    }),
  ),
  {
    name: 'listeners of a closed socket can be added and removed, and hear synthetic events',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close`);
      await next(socket, 'close');
      const log = [];
      const listener = (event) => log.push(event.type);
      socket.addEventListener('message', listener);
      socket.dispatchEvent(new Event('message'));
      socket.removeEventListener('message', listener);
      socket.dispatchEvent(new Event('message'));
      return log;
    },
    expected: ['message'],
  },
  {
    name: 'a listener on two sockets runs for each',
    async run(WebSocketClass, { server }) {
      const sockets = [connect(WebSocketClass, `${server}/echo`), connect(WebSocketClass, `${server}/echo`)];
      const targets = new Set();
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise((resolve) => {
              socket.addEventListener('open', function (event) {
                targets.add(this).add(event.target);
                resolve();
              });
            }),
        ),
      );
      return [targets.size, sockets.every((socket) => targets.has(socket))];
    },
    expected: [2, true],
  },
  {
    name: 'a listener that throws runs again at the next event',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      await reportedErrors(log, async () => {
        socket.addEventListener('message', ({ data }) => {
          throw new Error(data);
        });
        await echo(socket, log, 'first');
        await echo(socket, log, 'second');
      });
      return log;
    },
    expected: [
      ['reported', 'first'],
      ['reported', 'second'],
    ],
  },
  {
    name: 'a listener that throws no Error is reported with what it threw',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      await reportedErrors(log, async () => {
        socket.addEventListener('message', () => {
          throw 'a string';
        });
        await echo(socket, log);
      });
      return log;
    },
    expected: [['reported', 'a string']],
  },
];
