// send() before open throws, after close() is silent and counts. https://websockets.spec.whatwg.org/#dom-websocket-send

import { attempt } from '../lib/observe.js';
import { close, connect, next, open, openAndClose, story } from '../lib/sockets.js';

const kinds = {
  'a text': ['héllo', 6],
  'a lone surrogate': ['\ud800', 3],
  'an empty text': ['', 0],
  null: [null, 4],
  'a Blob': [new Blob(['12345']), 5],
  'an empty Blob': [new Blob([]), 0],
  'an ArrayBuffer': [new ArrayBuffer(7), 7],
  'an empty ArrayBuffer': [new ArrayBuffer(0), 0],
  'a typed array': [new Uint32Array(3), 12],
  'a part of a buffer': [new Uint8Array(new ArrayBuffer(100), 10, 20), 20],
  'a DataView': [new DataView(new ArrayBuffer(9), 1), 8],
  'a text of 100,000 bytes': ['x'.repeat(100_000), 100_000],
};
const invalidState = { threw: { class: 'DOMException', name: 'InvalidStateError', code: 11 } };
const silent = { returned: '<undefined>' };

export const sendStates = [
  ...Object.entries(kinds).flatMap(([what, [data, size]]) => [
    {
      name: `${what} while connecting is an InvalidStateError and is not buffered`,
      run(WebSocketClass, { server }) {
        const socket = connect(WebSocketClass, `${server}/echo`);
        return [attempt(() => socket.send(data)), socket.bufferedAmount, socket.readyState];
      },
      expected: [invalidState, 0, 0],
    },
    {
      name: `${what} while closing is silent and buffered for ever`,
      async run(WebSocketClass, { server }) {
        const socket = await open(WebSocketClass, `${server}/echo`);
        const closed = next(socket, 'close');
        socket.close();
        const outcome = attempt(() => socket.send(data));
        const amounts = [socket.bufferedAmount];
        socket.send(data);
        amounts.push(socket.bufferedAmount);
        await closed;
        return [outcome, ...amounts, socket.bufferedAmount];
      },
      expected: [silent, size, 2 * size, 2 * size],
    },
    {
      name: `${what} after the close is silent and buffered for ever`,
      async run(WebSocketClass, { server }) {
        const socket = await openAndClose(WebSocketClass, `${server}/echo`);
        const outcome = attempt(() => socket.send(data));
        const amounts = [socket.bufferedAmount];
        socket.send(data);
        await null;
        return [outcome, ...amounts, socket.bufferedAmount, socket.readyState];
      },
      expected: [silent, size, 2 * size, 3],
    },
  ]),
  {
    name: 'after close() while connecting it is silent, not an InvalidStateError',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      socket.close();
      const outcome = attempt(() => socket.send('text'));
      const amount = socket.bufferedAmount;
      await next(socket, 'close');
      return [outcome, amount, socket.bufferedAmount];
    },
    expected: [silent, 4, 4],
  },
  {
    name: 'after a failed attempt it is silent',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/status?code=403`);
      const outcomes = [];
      socket.onerror = () =>
        outcomes.push(
          attempt(() => socket.send('one')),
          socket.bufferedAmount,
        );
      socket.onclose = () =>
        outcomes.push(
          attempt(() => socket.send('four')),
          socket.bufferedAmount,
        );
      await next(socket, 'close');
      return outcomes;
    },
    expected: [silent, 3, silent, 7],
  },
  {
    name: 'in the close listener it is silent',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const outcomes = [];
      socket.onclose = () =>
        outcomes.push(
          attempt(() => socket.send('text')),
          socket.bufferedAmount,
        );
      await close(socket);
      return outcomes;
    },
    expected: [silent, 4],
  },
  {
    name: 'an InvalidStateError does no harm to the attempt',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = story(socket, ({ type, data }) => [type, data ?? null]);
      attempt(() => socket.send('too early'));
      await next(socket, 'open');
      socket.send('in time');
      await next(socket, 'message');
      socket.close();
      return log;
    },
    expected: [
      ['open', null],
      ['message', 'in time'],
      ['close', null],
    ],
  },
];
