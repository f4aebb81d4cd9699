// send((BufferSource or Blob or USVString) data): what is none of them becomes a string.

import { attempt, describeData } from '../lib/observe.js';
import { connect, counted, next, open, roundTrip } from '../lib/sockets.js';

const stringified = {
  null: [null, 'null'],
  undefined: [undefined, 'undefined'],
  true: [true, 'true'],
  'a number': [1.5, '1.5'],
  'minus zero': [-0, '0'],
  NaN: [Number.NaN, 'NaN'],
  'a bigint': [12n, '12'],
  'a plain object': [{}, '[object Object]'],
  'an array': [[1, [2, 3], null], '1,2,3,'],
  'an array of bytes': [[104, 105], '104,105'],
  'a String object': [new String('text'), 'text'],
  'a Number object': [new Number(7), '7'],
  'a regular expression': [/a+/g, '/a+/g'],
  'an error': [new TypeError('mine'), 'TypeError: mine'],
  'a Map': [new Map(), '[object Map]'],
  'a URL': [new URL('http://example.invalid/a'), 'http://example.invalid/a'],
  URLSearchParams: [new URLSearchParams({ a: '1' }), 'a=1'],
  FormData: [new FormData(), '[object FormData]'],
  'a ReadableStream': [new ReadableStream(), '[object ReadableStream]'],
  'an event': [new Event('x'), '[object Event]'],
  'an object with toString': [{ toString: () => 'mine' }, 'mine'],
  'an object with valueOf only in the way': [{ toString: () => 'string', valueOf: () => 1 }, 'string'],
  'an object with @@toPrimitive': [{ [Symbol.toPrimitive]: (hint) => hint }, 'string'],
  'an object that imitates a Blob': [
    Object.create(Blob.prototype, { toString: { value: () => 'imitation' } }),
    'imitation',
  ],
  'an object that imitates an ArrayBuffer': [{ byteLength: 4, toString: () => 'imitation' }, 'imitation'],
  'a lone surrogate from toString': [{ toString: () => '\ud800' }, '\ufffd'],
};

const typeError = { threw: { class: 'TypeError', name: 'TypeError' } };

const failing = {
  'no argument': () => [],
  'a symbol': () => [Symbol('data')],
  'an object of no prototype': () => [Object.create(null)],
  'an object whose toString gives an object': () => [{ toString: () => ({}), valueOf: () => ({}) }],
  'an object whose toString gives a symbol': () => [{ toString: () => Symbol('data') }],
};

export const sendConversions = [
  ...Object.entries(stringified).map(([what, [value, text]]) => ({
    name: `${what} is sent as text`,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      return describeData(await roundTrip(socket, value));
    },
    expected: text,
  })),
  {
    name: 'further arguments are ignored',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      return [await roundTrip(socket, 'text', 1, {}), socket.bufferedAmount];
    },
  },
  ...Object.entries(failing).map(([what, make]) => ({
    name: `${what} is a TypeError in each state, and nothing is sent`,
    async run(WebSocketClass, { server }) {
      const send = () => attempt(() => socket.send(...make()));
      const socket = connect(WebSocketClass, `${server}/echo`);
      const outcomes = [send()];
      await next(socket, 'open');
      outcomes.push(send(), await roundTrip(socket, 'next'));
      const closed = next(socket, 'close');
      socket.close();
      outcomes.push(send());
      await closed;
      outcomes.push(send(), socket.bufferedAmount);
      return outcomes;
    },
    expected: [typeError, typeError, 'next', typeError, typeError, 0],
  })),
  {
    name: 'an exception of toString comes through, and nothing is sent',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const thrown = new RangeError('mine');
      const data = {
        toString() {
          throw thrown;
        },
      };
      try {
        socket.send(data);
      } catch (error) {
        return [error === thrown, await roundTrip(socket, 'next')];
      }
      return 'nothing thrown';
    },
    expected: [true, 'next'],
  },
  {
    name: 'data is converted once, before the state is looked at',
    async run(WebSocketClass, { server }) {
      const log = [];
      const data = {
        get toString() {
          log.push('get toString');
          return () => {
            log.push('toString');
            return 'text';
          };
        },
      };
      const socket = connect(WebSocketClass, `${server}/echo`);
      log.push(attempt(() => socket.send(data)).threw?.name);
      await next(socket, 'open');
      log.push(await roundTrip(socket, data));
      return log;
    },
    expected: ['get toString', 'toString', 'InvalidStateError', 'get toString', 'toString', 'text'],
  },
  {
    name: 'toString may close the socket, and the text is not sent',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = await open(WebSocketClass, `${server}/echo?id=${id}`);
      const closed = next(socket, 'close');
      socket.send({
        toString() {
          socket.close(3000);
          return 'text';
        },
      });
      const buffered = socket.bufferedAmount;
      await closed;
      const seen = await stats(({ closes }) => closes.length === 1);
      return [buffered, seen.messages_in];
    },
    expected: [4, 0],
  },
];
