// Objects of another window: a socket takes them as its own.

import { attempt, describeData } from '../lib/observe.js';
import { connect, messages, next, open, roundTrip } from '../lib/sockets.js';

/** Runs `action` with the global of a fresh same-origin frame. */
async function withFrame(action) {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  try {
    return await action(frame.contentWindow, frame);
  } finally {
    frame.remove();
  }
}

export const frames = [
  {
    name: 'buffers, views and blobs of another window are sent as binary',
    scopes: ['window'],
    run: (WebSocketClass, { server }) =>
      withFrame(async (other) => {
        const socket = await open(WebSocketClass, `${server}/echo`);
        const received = messages(socket, 4);
        socket.send(new other.Uint8Array([1, 2]));
        socket.send(new other.ArrayBuffer(2));
        socket.send(new other.DataView(new other.ArrayBuffer(1)));
        socket.send(new other.Blob(['x']));
        return Promise.all((await received).map(describeData));
      }),
    expected: [[1, 2], [0, 0], [0], [120]].map((bytes) => ({ kind: '[object Blob]', bytes })),
  },
  {
    name: 'listeners, handlers, events and signals of another window work',
    scopes: ['window'],
    run: (WebSocketClass, { server }) =>
      withFrame(async (other) => {
        const socket = await open(WebSocketClass, `${server}/echo`);
        const log = [];
        other.log = log;
        const controller = new other.AbortController();
        socket.onmessage = other.eval('(event) => log.push(event.data)');
        socket.addEventListener('message', other.eval('(event) => log.push(event.isTrusted)'), {
          signal: controller.signal,
        });
        await roundTrip(socket, 'first');
        controller.abort();
        await roundTrip(socket, 'second');
        socket.addEventListener('mine', (event) => log.push(event instanceof other.Event, event.target === socket));
        log.push(socket.dispatchEvent(new other.Event('mine')));
        return log;
      }),
    expected: ['first', true, 'second', true, true, true],
  },
  {
    name: 'strings, arrays and urls of another window are converted',
    scopes: ['window'],
    run: (WebSocketClass, { server }) =>
      withFrame(async (other) => {
        const address = new other.URL(`${server}/echo`);
        const socket = await open(WebSocketClass, address, other.eval('["chat", "game"]'));
        return [socket.url === address.href, socket.protocol];
      }),
    expected: [true, 'chat'],
  },
  {
    name: 'accessors and methods borrowed by the code of another window work, and throw errors of their own window',
    scopes: ['window'],
    run: (WebSocketClass, { server }) =>
      withFrame(async (other) => {
        const socket = connect(WebSocketClass, `${server}/echo`);
        other.socket = socket;
        other.send = WebSocketClass.prototype.send;
        return other.eval(`
          const outcomes = [socket.readyState, socket.url.startsWith('ws:')];
          for (const call of [() => send.call({}), () => socket.send('x'), () => socket.close(1)]) {
            try { call() } catch (error) {
              outcomes.push(error.name, error instanceof parent.Error, error instanceof parent.DOMException);
            }
          }
          outcomes`);
      }),
  },
  {
    name: 'data and events belong to the window of the class',
    scopes: ['window'],
    run: (WebSocketClass, { server }) =>
      withFrame(async (other) => {
        other.Socket = WebSocketClass;
        const socket = other.eval(`new Socket('${server}/push?count=1&size=1&binary=1')`);
        socket.binaryType = 'arraybuffer';
        const event = await next(socket, 'message');
        return [
          event instanceof MessageEvent,
          event.data instanceof ArrayBuffer,
          Object.getPrototypeOf(socket) === WebSocketClass.prototype,
        ];
      }),
    expected: [true, true, true],
  },
  {
    name: 'a frame that is removed takes nothing of its parent along',
    scopes: ['window'],
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      await withFrame((other) => {
        socket.onmessage = other.eval('() => {}');
      });
      return [attempt(() => socket.readyState), await roundTrip(socket, 'still there')];
    },
    expected: [{ returned: 1 }, 'still there'],
  },
];
