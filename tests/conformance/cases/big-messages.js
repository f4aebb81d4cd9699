// Messages of several MiB, whole in both directions.

import { describeData } from '../lib/observe.js';
import { close, counted, flush, open, roundTrip } from '../lib/sockets.js';

const SIZE = 4 << 20;
const bytes = () => new Uint8Array(SIZE).map((_, at) => at % 251);

const kinds = {
  'an ASCII text': () => 'abcdefgh'.repeat(SIZE / 8),
  'a text of surrogate pairs': () => '😀'.repeat(SIZE / 4),
  'an ArrayBuffer': () => bytes().buffer,
  'a Blob': () => new Blob([bytes()]),
};

export const bigMessages = [
  ...Object.entries(kinds).map(([what, make]) => ({
    name: `${what} of 4 MiB comes back whole`,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.binaryType = 'arraybuffer';
      return describeData(await roundTrip(socket, make()));
    },
  })),
  {
    name: 'bufferedAmount counts 8 MiB at once, and falls to 0',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      for (let n = 0; n < 8; n++) socket.send(new ArrayBuffer(1 << 20));
      const amount = socket.bufferedAmount;
      await flush(socket);
      return [amount, socket.bufferedAmount];
    },
    expected: [8 << 20, 0],
  },
  {
    name: 'close() waits for what was sent before',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = await open(WebSocketClass, `${server}/count?id=${id}`);
      for (let n = 0; n < 4; n++) socket.send(new ArrayBuffer(1 << 20));
      const { code, wasClean } = await close(socket, 1000);
      const seen = await stats(({ closes }) => closes.length === 1);
      return [code, wasClean, seen.messages_in];
    },
    expected: [1000, true, 4],
  },
];
