// `new WebSocket(url, protocols)`: what it takes, in which order, and what it throws.
// https://websockets.spec.whatwg.org/#dom-websocket-websocket

import { attempt, describeError, plain } from '../lib/observe.js';
import { connect, next, open } from '../lib/sockets.js';

const syntaxError = { threw: { class: 'DOMException', name: 'SyntaxError', code: 12 } };
const typeError = { threw: { class: 'TypeError', name: 'TypeError' } };

/** An argument that logs each conversion it goes through. */
function logging(log, name, value) {
  return {
    get [Symbol.toPrimitive]() {
      log.push(`${name}: get @@toPrimitive`);
      return (hint) => {
        log.push(`${name}: to ${hint}`);
        return value;
      };
    },
  };
}

/** An iterable that logs each step of its iteration. */
function loggingIterable(log, items) {
  return {
    get [Symbol.iterator]() {
      log.push('get @@iterator');
      return () => {
        let at = 0;
        return {
          get next() {
            log.push('get next');
            return () => {
              log.push('next');
              return at < items.length ? { value: items[at++], done: false } : { value: undefined, done: true };
            };
          },
          get return() {
            log.push('get return');
            return () => ({});
          },
        };
      };
    },
  };
}

export const construction = [
  {
    name: 'without arguments it throws a TypeError',
    run: (WebSocketClass) => attempt(() => new WebSocketClass()),
    expected: typeError,
  },
  {
    name: 'it cannot be called without new',
    run: (WebSocketClass, { server }) => [
      attempt(() => WebSocketClass(`${server}/echo`)),
      attempt(() => WebSocketClass.call({}, `${server}/echo`)),
      attempt(() => Reflect.apply(WebSocketClass, undefined, [])),
    ],
    expected: [typeError, typeError, typeError],
  },
  {
    name: 'it gives an instance of itself and of EventTarget',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return {
        itself: socket instanceof WebSocketClass,
        eventTarget: socket instanceof EventTarget,
        prototype: Object.getPrototypeOf(socket) === WebSocketClass.prototype,
        constructor: socket.constructor === WebSocketClass,
      };
    },
    expected: { itself: true, eventTarget: true, prototype: true, constructor: true },
  },
  {
    name: 'a fresh socket is connecting, with empty fields',
    run(WebSocketClass, { server }) {
      const { url, readyState, bufferedAmount, extensions, protocol, binaryType, onopen, onmessage, onerror, onclose } =
        connect(WebSocketClass, `${server}/echo`, 'chat');
      return {
        url,
        readyState,
        bufferedAmount,
        extensions,
        protocol,
        binaryType,
        onopen,
        onmessage,
        onerror,
        onclose,
      };
    },
    expected: ({ server }) => ({
      url: `${server}/echo`,
      readyState: 0,
      bufferedAmount: 0,
      extensions: '',
      protocol: '',
      binaryType: 'blob',
      onopen: null,
      onmessage: null,
      onerror: null,
      onclose: null,
    }),
  },
  {
    name: 'the attempt does not wait for the script, and its events wait for it',
    async run(WebSocketClass, { server }) {
      const log = [];
      const socket = connect(WebSocketClass, `${server}/echo`);
      socket.onopen = () => log.push('open');
      await null;
      log.push('microtask', socket.readyState);
      await next(socket, 'open');
      return log;
    },
    expected: ['microtask', 0, 'open'],
  },
  {
    name: 'url and protocols are converted once and in order, before either is looked at',
    run(WebSocketClass) {
      const log = [];
      const outcome = attempt(
        () => new WebSocketClass(logging(log, 'url', 'http://['), loggingIterable(log, [logging(log, 'item', 'a')])),
      );
      return { outcome, log };
    },
    expected: {
      outcome: syntaxError,
      log: [
        'url: get @@toPrimitive',
        'url: to string',
        'get @@iterator',
        'get next',
        'next',
        'item: get @@toPrimitive',
        'item: to string',
        'next',
      ],
    },
  },
  {
    name: 'arguments are not converted again when the attempt begins',
    async run(WebSocketClass, { server }) {
      const log = [];
      const socket = await open(
        WebSocketClass,
        logging(log, 'url', `${server}/echo`),
        loggingIterable(log, ['first', 'second']),
      );
      return { log, protocol: socket.protocol };
    },
  },
  {
    name: 'an exception while the url is converted comes through, and protocols are not touched',
    run(WebSocketClass) {
      const log = [];
      const thrown = new RangeError('mine');
      const url = {
        toString() {
          throw thrown;
        },
      };
      try {
        new WebSocketClass(url, loggingIterable(log, []));
      } catch (error) {
        return { same: error === thrown, log };
      }
      return 'nothing thrown';
    },
    expected: { same: true, log: [] },
  },
  {
    name: 'an exception while protocols are iterated comes through, and the iterator is not closed',
    run(WebSocketClass, { server }) {
      const log = [];
      const thrown = new RangeError('mine');
      const bad = {
        toString() {
          throw thrown;
        },
      };
      try {
        new WebSocketClass(`${server}/echo`, loggingIterable(log, ['a', bad, 'b']));
      } catch (error) {
        return { same: error === thrown, log };
      }
      return 'nothing thrown';
    },
  },
  {
    name: 'an exception from the iterator itself comes through',
    run(WebSocketClass, { server }) {
      const thrown = new RangeError('mine');
      const throwing = () => {
        throw thrown;
      };
      const places = [
        Object.defineProperty({}, Symbol.iterator, { get: throwing }),
        { [Symbol.iterator]: throwing },
        { [Symbol.iterator]: () => ({ next: throwing }) },
        { [Symbol.iterator]: () => ({ next: () => Object.defineProperty({}, 'done', { get: throwing }) }) },
        { [Symbol.iterator]: () => ({ next: () => Object.defineProperty({}, 'value', { get: throwing }) }) },
      ];
      return places.map((protocols) => {
        try {
          new WebSocketClass(`${server}/echo`, protocols);
        } catch (error) {
          return error === thrown;
        }
        return 'nothing thrown';
      });
    },
    expected: [true, true, true, true, true],
  },
  {
    name: 'a symbol for either argument is a TypeError',
    run: (WebSocketClass, { server }) => [
      attempt(() => new WebSocketClass(Symbol('url'))),
      attempt(() => new WebSocketClass(`${server}/echo`, Symbol('protocol'))),
      attempt(() => new WebSocketClass(`${server}/echo`, ['fine', Symbol('protocol')])),
    ],
    expected: [typeError, typeError, typeError],
  },
  {
    name: 'a failed conversion is reported before a bad url',
    run: (WebSocketClass) => attempt(() => new WebSocketClass('http://[', [Symbol('protocol')])),
    expected: typeError,
  },
  {
    name: 'an exception is a DOMException of the global that the class belongs to',
    run(WebSocketClass) {
      try {
        new WebSocketClass('ftp://example.org/');
      } catch (error) {
        return [error instanceof DOMException, error.constructor === DOMException, describeError(error)];
      }
      return 'nothing thrown';
    },
    expected: [true, true, { class: 'DOMException', name: 'SyntaxError', code: 12 }],
  },
  {
    name: 'an object that is no URL string is stringified',
    async run(WebSocketClass, { server }) {
      const subjects = [new URL(`${server}/echo`), [`${server}/echo`], { toString: () => `${server}/echo` }];
      return subjects.map((subject) => connect(WebSocketClass, subject).url);
    },
    expected: ({ server }) => [`${server}/echo`, `${server}/echo`, `${server}/echo`],
  },
  {
    name: 'two sockets to the same address are two sockets',
    async run(WebSocketClass, { server }) {
      const [first, second] = await Promise.all([
        open(WebSocketClass, `${server}/echo`),
        open(WebSocketClass, `${server}/echo`),
      ]);
      const received = { first: [], second: [] };
      first.onmessage = ({ data }) => received.first.push(data);
      second.onmessage = ({ data }) => received.second.push(data);
      const answers = [next(first, 'message'), next(second, 'message')];
      first.send('to the first');
      second.send('to the second');
      await Promise.all(answers);
      return received;
    },
    expected: { first: ['to the first'], second: ['to the second'] },
  },
  {
    // More at once are delayed by Chromium, by up to 5 s.
    name: 'eight sockets at once all open',
    async run(WebSocketClass, { server }) {
      const sockets = await Promise.all([...Array(8)].map(() => open(WebSocketClass, `${server}/echo`)));
      return sockets.map(({ readyState }) => readyState);
    },
    expected: Array(8).fill(1),
  },
  {
    name: 'the class can be taken from a local name, bound or through Reflect.construct',
    run(WebSocketClass, { server }) {
      const Bound = WebSocketClass.bind(null, `${server}/echo`);
      return plain([
        connect(Bound) instanceof WebSocketClass,
        Reflect.construct(WebSocketClass, [`${server}/echo`]) instanceof WebSocketClass,
        Reflect.construct(WebSocketClass, [`${server}/echo`], Object) instanceof WebSocketClass,
        Object.getPrototypeOf(Reflect.construct(WebSocketClass, [`${server}/echo`], Array)) === Array.prototype,
      ]);
    },
    expected: [true, true, false, true],
  },
];
