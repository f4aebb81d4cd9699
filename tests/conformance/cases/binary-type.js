// binaryType, an enumeration: other values are ignored. https://webidl.spec.whatwg.org/#es-enumeration

import { attempt, describeData } from '../lib/observe.js';
import { connect, messages, next, open, openAndClose, roundTrip } from '../lib/sockets.js';

const ignored = {
  'an empty string': '',
  'another case': 'ArrayBuffer',
  'upper case': 'BLOB',
  'a space around': ' arraybuffer',
  'a value of other interfaces': 'nodebuffer',
  null: null,
  undefined: undefined,
  'a number': 1,
  'an object': {},
  'an array of the wrong value': ['text'],
};

export const binaryType = [
  {
    name: 'it is blob until it is set, and takes both values, in each state',
    async run(WebSocketClass, { server }) {
      const log = [];
      const toggle = (socket) => {
        for (const value of ['arraybuffer', 'blob', 'arraybuffer', 'arraybuffer']) {
          socket.binaryType = value;
          log.push([socket.readyState, socket.binaryType]);
        }
      };
      const socket = connect(WebSocketClass, `${server}/echo`);
      log.push(socket.binaryType);
      toggle(socket);
      await next(socket, 'open');
      toggle(socket);
      const closed = next(socket, 'close');
      socket.close();
      toggle(socket);
      await closed;
      toggle(socket);
      return log;
    },
  },
  ...Object.entries(ignored).map(([what, value]) => ({
    name: `${what} is ignored`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const outcomes = [attempt(() => Reflect.set(socket, 'binaryType', value)), socket.binaryType];
      socket.binaryType = 'arraybuffer';
      return [...outcomes, attempt(() => Reflect.set(socket, 'binaryType', value)), socket.binaryType];
    },
    expected: [{ returned: true }, 'blob', { returned: true }, 'arraybuffer'],
  })),
  {
    name: 'an object is stringified, once',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      let conversions = 0;
      socket.binaryType = {
        toString() {
          conversions++;
          return 'arraybuffer';
        },
      };
      return [socket.binaryType, conversions];
    },
    expected: ['arraybuffer', 1],
  },
  {
    name: 'an array of the right value is stringified',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      socket.binaryType = ['arraybuffer'];
      return socket.binaryType;
    },
    expected: 'arraybuffer',
  },
  {
    name: 'a symbol is a TypeError and an exception of toString comes through',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const throwing = {
        toString() {
          throw new RangeError('mine');
        },
      };
      return [
        attempt(() => Reflect.set(socket, 'binaryType', Symbol('blob'))).threw?.class,
        attempt(() => Reflect.set(socket, 'binaryType', throwing)).threw?.class,
        socket.binaryType,
      ];
    },
    expected: ['TypeError', 'RangeError', 'blob'],
  },
  {
    name: 'messages come as the type that was set before they came',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = [];
      for (const type of ['blob', 'arraybuffer', 'blob']) {
        socket.binaryType = type;
        received.push(await describeData(await roundTrip(socket, new Uint8Array([1, 2, 3]))));
      }
      return received;
    },
    expected: [
      { kind: '[object Blob]', bytes: [1, 2, 3] },
      { kind: '[object ArrayBuffer]', bytes: [1, 2, 3] },
      { kind: '[object Blob]', bytes: [1, 2, 3] },
    ],
  },
  {
    name: 'it can be switched in a message listener, for the next message',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.onmessage = () => {
        socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob';
      };
      const received = [];
      for (let n = 0; n < 4; n++)
        received.push(Object.prototype.toString.call(await roundTrip(socket, new Uint8Array([n]))));
      return received;
    },
    expected: ['[object Blob]', '[object ArrayBuffer]', '[object Blob]', '[object ArrayBuffer]'],
  },
  {
    name: 'a socket that has closed keeps its type',
    async run(WebSocketClass, { server }) {
      const socket = await openAndClose(WebSocketClass, `${server}/echo`);
      const before = socket.binaryType;
      socket.binaryType = 'arraybuffer';
      return [before, socket.binaryType];
    },
    expected: ['blob', 'arraybuffer'],
  },
  {
    name: 'text is text whatever the type',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.binaryType = 'arraybuffer';
      return [await roundTrip(socket, 'one'), await roundTrip(socket, '')];
    },
    expected: ['one', ''],
  },
  {
    name: 'a Blob has no type, an ArrayBuffer is plain and of this global',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const blob = await roundTrip(socket, new Blob(['typed'], { type: 'text/plain' }));
      socket.binaryType = 'arraybuffer';
      const buffer = await roundTrip(socket, new Uint8Array([1]));
      return {
        blob: [blob.constructor === Blob, blob.type, blob.size, blob instanceof File],
        buffer: [buffer.constructor === ArrayBuffer, buffer.byteLength, buffer.resizable ?? false],
      };
    },
    expected: { blob: [true, '', 5, false], buffer: [true, 1, false] },
  },
  {
    name: 'empty binary messages arrive as empty objects',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = messages(socket, 2);
      socket.send(new Uint8Array());
      socket.send(new Blob([]));
      return Promise.all((await received).map(describeData));
    },
    expected: Array(2).fill({ kind: '[object Blob]', bytes: [] }),
  },
];
