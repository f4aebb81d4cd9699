// bufferedAmount: UTF-8 bytes and bytes that were given to send() and have not left yet.

import { attempt } from '../lib/observe.js';
import { close, connect, flush, next, open, openAndClose } from '../lib/sockets.js';

const grows = {
  'a text': ['hello', 5],
  'an empty text': ['', 0],
  'a text of many bytes a character': ['äöü€😀', 13],
  'a lone surrogate, as U+FFFD': ['\ud800', 3],
  'a stringified object': [{}, 15],
  'an ArrayBuffer': [new ArrayBuffer(10), 10],
  'a part of a buffer': [new Uint16Array(new ArrayBuffer(100), 2, 3), 6],
  'a Blob': [new Blob(['12345']), 5],
  'a text of 65,000 bytes': ['x'.repeat(65_000), 65_000],
  'a buffer of 65,000 bytes': [new ArrayBuffer(65_000), 65_000],
};

export const bufferedAmount = [
  {
    name: 'it is 0 for a fresh, an open and a closed socket',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const amounts = [socket.bufferedAmount];
      await next(socket, 'open');
      amounts.push(socket.bufferedAmount);
      await close(socket);
      return [...amounts, socket.bufferedAmount];
    },
    expected: [0, 0, 0],
  },
  ...Object.entries(grows).map(([what, [data, size]]) => ({
    name: `it grows by the bytes of ${what} within the task, and falls to 0`,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.send(data);
      const amounts = [socket.bufferedAmount];
      socket.send(data);
      amounts.push(socket.bufferedAmount);
      await flush(socket);
      return [...amounts, socket.bufferedAmount];
    },
    expected: [size, 2 * size, 0],
  })),
  {
    name: 'it does not fall within a task',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.send('12345');
      const until = performance.now() + 30;
      while (performance.now() < until);
      const amounts = [socket.bufferedAmount];
      await null;
      return [...amounts, socket.bufferedAmount];
    },
    expected: [5, 5],
  },
  {
    name: 'it adds up what is sent before and after close(), and never falls again',
    async run(WebSocketClass, { server }) {
      const socket = await openAndClose(WebSocketClass, `${server}/echo`);
      const amounts = [];
      for (const data of ['1', 'äö', new Uint8Array(10), new Blob(['xyz'])]) {
        socket.send(data);
        amounts.push(socket.bufferedAmount);
      }
      await connectElsewhere(WebSocketClass, server);
      return [...amounts, socket.bufferedAmount];
    },
    expected: [1, 5, 15, 18, 18],
  },
  {
    name: 'what a peer never takes stays in it, also after close()',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/noread`);
      socket.send(new ArrayBuffer(16 << 20));
      const before = socket.bufferedAmount;
      socket.close();
      const closing = socket.bufferedAmount;
      socket.send('12345');
      return [before, closing, socket.bufferedAmount - closing, socket.readyState];
    },
    expected: [16 << 20, 16 << 20, 5, 2],
  },
  {
    name: 'it cannot be set',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [attempt(() => Object.assign(socket, { bufferedAmount: 5 })).threw?.class, socket.bufferedAmount];
    },
    expected: ['TypeError', 0],
  },
];

async function connectElsewhere(WebSocketClass, server) {
  await openAndClose(WebSocketClass, `${server}/echo`);
}
