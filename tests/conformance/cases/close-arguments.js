// close(optional [Clamp] unsigned short code, optional USVString reason), in each state.
// https://websockets.spec.whatwg.org/#dom-websocket-close

import { attempt, describeClose, plain } from '../lib/observe.js';
import { breather, connect, next, open, openAndClose } from '../lib/sockets.js';

const typeError = { class: 'TypeError', name: 'TypeError' };
const invalidAccess = { class: 'DOMException', name: 'InvalidAccessError', code: 15 };
const syntaxError = { class: 'DOMException', name: 'SyntaxError', code: 12 };
const noStatus = { code: 1005, reason: '', wasClean: true };
const closedWith = (code, reason = '') => ({ code, reason, wasClean: true });
// The standard rounds a fraction to the nearest, Chromium cuts it; they differ too in a reason without a code.
const asTheBrowser = undefined;

/** The arguments, and the close event that follows or the exception that is thrown. */
const calls = {
  'no arguments': [() => [], noStatus],
  undefined: [() => [undefined], noStatus],
  null: [() => [null], invalidAccess],
  NaN: [() => [Number.NaN], invalidAccess],
  0: [() => [0], invalidAccess],
  '-0': [() => [-0], invalidAccess],
  '-1': [() => [-1], invalidAccess],
  1: [() => [1], invalidAccess],
  true: [() => [true], invalidAccess],
  500: [() => [500], invalidAccess],
  999: [() => [999], invalidAccess],
  999.4: [() => [999.4], invalidAccess],
  999.5: [() => [999.5], asTheBrowser],
  999.6: [() => [999.6], asTheBrowser],
  1000: [() => [1000], closedWith(1000)],
  1000.4: [() => [1000.4], closedWith(1000)],
  1000.5: [() => [1000.5], closedWith(1000)],
  1000.6: [() => [1000.6], asTheBrowser],
  1001: [() => [1001], invalidAccess],
  1005: [() => [1005], invalidAccess],
  1006: [() => [1006], invalidAccess],
  1011: [() => [1011], invalidAccess],
  1015: [() => [1015], invalidAccess],
  2999: [() => [2999], invalidAccess],
  2999.5: [() => [2999.5], asTheBrowser],
  3000: [() => [3000], closedWith(3000)],
  3500: [() => [3500], closedWith(3500)],
  3999: [() => [3999], closedWith(3999)],
  4000: [() => [4000], closedWith(4000)],
  4999: [() => [4999], closedWith(4999)],
  4999.4: [() => [4999.4], closedWith(4999)],
  4999.5: [() => [4999.5], asTheBrowser],
  5000: [() => [5000], invalidAccess],
  65535: [() => [65_535], invalidAccess],
  '65536 + 1000, clamped and not cut': [() => [66_536], invalidAccess],
  70000: [() => [70_000], invalidAccess],
  '2 ** 32 + 1000': [() => [2 ** 32 + 1000], invalidAccess],
  '-64536, which is 1000 modulo 65536': [() => [-64_536], invalidAccess],
  Infinity: [() => [Number.POSITIVE_INFINITY], invalidAccess],
  '-Infinity': [() => [Number.NEGATIVE_INFINITY], invalidAccess],
  'the string 1000': [() => ['1000'], closedWith(1000)],
  'the string 1e3': [() => ['1e3'], closedWith(1000)],
  'the string 0xbb8': [() => ['0xbb8'], closedWith(3000)],
  'the string 3000 with spaces': [() => [' 3000\n'], closedWith(3000)],
  'an empty string': [() => [''], invalidAccess],
  'a word': [() => ['normal'], invalidAccess],
  'an array of 3000': [() => [[3000]], closedWith(3000)],
  'an empty array': [() => [[]], invalidAccess],
  'a plain object': [() => [{}], invalidAccess],
  'an object with valueOf': [() => [{ valueOf: () => 3001 }], closedWith(3001)],
  'an object with valueOf and toString': [() => [{ valueOf: () => 3002, toString: () => '3003' }], closedWith(3002)],
  'an object with @@toPrimitive': [
    () => [{ [Symbol.toPrimitive]: (hint) => (hint === 'number' ? 3004 : 0) }],
    closedWith(3004),
  ],
  'a date': [() => [new Date(3005)], closedWith(3005)],
  'a bigint': [() => [1000n], typeError],
  'a symbol': [() => [Symbol('code')], typeError],
  'an object of no prototype': [() => [Object.create(null)], typeError],
  'a reason': [() => [1000, 'done'], closedWith(1000, 'done')],
  'an undefined reason': [() => [1000, undefined], closedWith(1000)],
  'an empty reason': [() => [1000, ''], closedWith(1000)],
  'a null reason': [() => [1000, null], closedWith(1000, 'null')],
  'a number as reason': [() => [1000, 42], closedWith(1000, '42')],
  'an object as reason': [() => [1000, { toString: () => 'mine' }], closedWith(1000, 'mine')],
  'a symbol as reason': [() => [1000, Symbol('reason')], typeError],
  'a reason of 123 bytes': [() => [1000, 'x'.repeat(123)], closedWith(1000, 'x'.repeat(123))],
  'a reason of 124 bytes': [() => [1000, 'x'.repeat(124)], syntaxError],
  'a reason of 123 bytes in 41 characters': [() => [1000, '€'.repeat(41)], closedWith(1000, '€'.repeat(41))],
  'a reason of 126 bytes in 42 characters': [() => [1000, '€'.repeat(42)], syntaxError],
  'a reason of 122 bytes in 61 characters': [() => [1000, 'ä'.repeat(61)], closedWith(1000, 'ä'.repeat(61))],
  'a reason of 124 bytes in 62 characters': [() => [1000, 'ä'.repeat(62)], syntaxError],
  'a reason of 120 bytes in surrogate pairs': [() => [1000, '😀'.repeat(30)], closedWith(1000, '😀'.repeat(30))],
  'a reason of 124 bytes in surrogate pairs': [() => [1000, '😀'.repeat(31)], syntaxError],
  'a reason with a lone surrogate': [() => [1000, 'a\ud800b'], closedWith(1000, 'a\ufffdb')],
  'a reason of 41 lone surrogates': [() => [1000, '\udc00'.repeat(41)], closedWith(1000, '\ufffd'.repeat(41))],
  'a reason of 42 lone surrogates': [() => [1000, '\udc00'.repeat(42)], syntaxError],
  'a reason with NUL and newlines': [() => [1000, 'a\0b\r\nc'], closedWith(1000, 'a\0b\r\nc')],
  'a reason without a code': [() => [undefined, 'done'], asTheBrowser],
  'an empty reason without a code': [() => [undefined, ''], asTheBrowser],
  'a reason of 124 bytes without a code': [() => [undefined, 'x'.repeat(124)], asTheBrowser],
  'a bad code and a reason of 124 bytes': [() => [1001, 'x'.repeat(124)], invalidAccess],
  'a bad code and a symbol as reason': [() => [1001, Symbol('reason')], typeError],
  'a further argument': [() => [3006, 'done', {}], closedWith(3006, 'done')],
};

export const closeArguments = [
  ...Object.entries(calls).map(([what, [args, expected]]) => ({
    name: `on an open socket: ${what}`,
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const closed = next(socket, 'close');
      const { threw } = attempt(() => socket.close(...args()));
      return threw ? { ...threw, readyState: socket.readyState } : describeClose(await closed);
    },
    ...(expected && { expected: expected.class ? { ...expected, readyState: 1 } : expected }),
  })),
  ...Object.entries(calls).map(([what, [args, expected]]) => ({
    name: `while connecting and when closed: ${what}`,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const closed = next(socket, 'close');
      const connecting = attempt(() => socket.close(...args()));
      const { readyState } = socket;
      socket.close();
      await closed;
      await breather();
      return [connecting, readyState, attempt(() => socket.close(...args())), socket.readyState];
    },
    ...(expected && {
      expected: expected.class
        ? [{ threw: expected }, 0, { threw: expected }, 3]
        : [{ returned: '<undefined>' }, 2, { returned: '<undefined>' }, 3],
    }),
  })),
  {
    name: 'code and reason are converted once and in order, before either is looked at',
    async run(WebSocketClass, { server }) {
      const log = [];
      const logged = (name, value) => ({
        [Symbol.toPrimitive](hint) {
          log.push(`${name} to ${hint}`);
          return value;
        },
      });
      const socket = await open(WebSocketClass, `${server}/echo`);
      log.push(attempt(() => socket.close(logged('code', 1), logged('reason', 'x'))).threw?.name);
      socket.close(logged('code', 3000), logged('reason', 'x'));
      socket.close(logged('code', 3001), logged('reason', 'y'));
      log.push(describeClose(await next(socket, 'close')));
      return log;
    },
    expected: [
      'code to number',
      'reason to string',
      'InvalidAccessError',
      'code to number',
      'reason to string',
      'code to number',
      'reason to string',
      { code: 3000, reason: 'x', wasClean: true },
    ],
  },
  {
    name: 'an exception of valueOf or toString comes through, and the socket stays open',
    async run(WebSocketClass, { server }) {
      const thrown = new RangeError('mine');
      const throwing = {
        [Symbol.toPrimitive]() {
          throw thrown;
        },
      };
      const socket = await open(WebSocketClass, `${server}/echo`);
      const same = [[throwing], [1000, throwing]].map((args) => {
        try {
          return plain(socket.close(...args));
        } catch (error) {
          return error === thrown;
        }
      });
      return [...same, socket.readyState];
    },
    expected: [true, true, 1],
  },
  {
    name: 'valueOf may close the socket, and the first close counts',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const closed = next(socket, 'close');
      socket.close(
        {
          valueOf() {
            socket.close(3001, 'inner');
            return 3002;
          },
        },
        'outer',
      );
      return describeClose(await closed);
    },
    expected: { code: 3001, reason: 'inner', wasClean: true },
  },
  {
    name: 'bad arguments throw also when the socket has closed',
    async run(WebSocketClass, { server }) {
      const socket = await openAndClose(WebSocketClass, `${server}/echo`);
      return [attempt(() => socket.close(0)), attempt(() => socket.close(1000, 'x'.repeat(124)))];
    },
    expected: [{ threw: invalidAccess }, { threw: syntaxError }],
  },
];
