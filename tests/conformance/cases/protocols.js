// The second argument: its conversion, the rules for a subprotocol's name, and what is negotiated.

import { attempt, describeClose } from '../lib/observe.js';
import { close, connect, next, open } from '../lib/sockets.js';

const syntaxError = { threw: { class: 'DOMException', name: 'SyntaxError', code: 12 } };

// RFC 6455 4.1 and RFC 7230: a token has no separators, no controls and nothing beyond ASCII.
const separators = [...'()<>@,;:\\"/[]?={} \t'];
const controls = ['\0', '\x01', '\x0a', '\x0d', '\x1f', '\x7f'];
const beyond = ['\x80', '\xa0', 'ä', 'ÿ', 'Ā', '\u2028', '\ud800', '\ud83d\ude00'];

const invalid = {
  'an empty string': '',
  'an empty string in a list': [''],
  'an empty string after a good one': ['chat', ''],
  'the same twice': ['chat', 'chat'],
  'the same twice, not next to each other': ['chat', 'game', 'chat'],
  'an array in an array of two': [['chat', 'game']],
  'a plain object': {},
  'a list in one string': 'chat, game',
  'a space around a name': ' chat',
  'a bad name after a good one': ['chat', 'b a d'],
};

/** What the socket offers, as the server sees it. */
const offered = [
  ['nothing without the argument', []],
  ['nothing for undefined', [undefined]],
  ['"null" for null', [null]],
  ['a string', ['chat']],
  ['a number', [7]],
  ['a boolean', [true]],
  ['a bigint', [7n]],
  ['an empty array', [[]]],
  ['an array of one', [['chat']]],
  ['an array of three, in its order', [['zulu', 'alpha', 'mike']]],
  ['a frozen array', [Object.freeze(['chat', 'game'])]],
  ['an array with numbers and null', [[1, null, undefined, true]]],
  ['an array of an array of one', [[['chat']]]],
  ['names that differ in case only', [['Chat', 'chat', 'CHAT']]],
  [
    'every character a token may have',
    ["!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ],
  ['a set', [new Set(['chat', 'game'])]],
  ['the letters of a String object', [new String('abc')]],
  ['an object with toString', [{ toString: () => 'chat' }]],
  ['an object whose iterator is null or undefined', [{ [Symbol.iterator]: undefined, toString: () => 'chat' }]],
  ['typed numbers', [new Uint8Array([1, 2, 3])]],
  ['hyphens and dots of a versioned name', [['v12.stomp', 'v11.stomp', 'x-webkit']]],
];

export const protocols = [
  ...[...separators, ...controls, ...beyond].flatMap((character) => {
    const code = character.codePointAt(0).toString(16).padStart(4, '0');
    return [
      {
        name: `U+${code} in a name is a SyntaxError, as a string and in a list`,
        run: (WebSocketClass, { server }) => [
          attempt(() => new WebSocketClass(`${server}/echo`, `a${character}b`)),
          attempt(() => new WebSocketClass(`${server}/echo`, character)),
          attempt(() => new WebSocketClass(`${server}/echo`, ['fine', `${character}b`])),
        ],
        expected: [syntaxError, syntaxError, syntaxError],
      },
    ];
  }),
  ...Object.entries(invalid).map(([what, value]) => ({
    name: `${what} is a SyntaxError`,
    run: (WebSocketClass, { server }) => attempt(() => new WebSocketClass(`${server}/echo`, value)),
    expected: syntaxError,
  })),
  {
    name: 'names that differ in case only are different, or are a repetition',
    run: (WebSocketClass, { server }) =>
      attempt(() => connect(WebSocketClass, `${server}/echo`, ['chat', 'CHAT']).readyState),
  },
  {
    name: 'an iterator that is neither callable nor nullish is a TypeError',
    run: (WebSocketClass, { server }) => [
      attempt(() => new WebSocketClass(`${server}/echo`, { [Symbol.iterator]: 1 })),
      attempt(() => new WebSocketClass(`${server}/echo`, { [Symbol.iterator]: {} })),
      attempt(() => new WebSocketClass(`${server}/echo`, { [Symbol.iterator]: () => 1 })),
      attempt(() => new WebSocketClass(`${server}/echo`, { [Symbol.iterator]: () => ({}) })),
      attempt(() => new WebSocketClass(`${server}/echo`, { [Symbol.iterator]: () => ({ next: () => 1 }) })),
    ],
  },
  {
    name: 'a function is stringified, and its source is no token',
    run: (WebSocketClass, { server }) => attempt(() => new WebSocketClass(`${server}/echo`, () => 'chat')),
    expected: syntaxError,
  },
  ...offered.map(([what, args]) => ({
    name: `offers ${what}`,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/headers`, ...args);
      const answer = await Promise.race([next(socket, 'message'), next(socket, 'close')]);
      if (answer.type === 'close') return describeClose(answer);
      return { offered: JSON.parse(answer.data)['sec-websocket-protocol'] ?? null, protocol: socket.protocol };
    },
  })),
  {
    name: 'offers what a generator yields',
    async run(WebSocketClass, { server }) {
      function* names() {
        yield 'chat';
        yield 'game';
      }
      return (await open(WebSocketClass, `${server}/echo`, names())).protocol;
    },
    expected: 'chat',
  },
  {
    name: 'a list that changes after the call changes nothing',
    async run(WebSocketClass, { server }) {
      const names = ['chat', 'game'];
      const socket = connect(WebSocketClass, `${server}/echo`, names);
      names[0] = 'changed';
      names.length = 1;
      await next(socket, 'open');
      return socket.protocol;
    },
    expected: 'chat',
  },
  {
    name: 'the protocol is the empty string until the server has chosen, then its choice, and stays after the close',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo?protocol=game`, ['chat', 'game']);
      const before = socket.protocol;
      await next(socket, 'open');
      const during = socket.protocol;
      await close(socket);
      return [before, during, socket.protocol];
    },
    expected: ['', 'game', 'game'],
  },
  {
    name: 'the protocol cannot be set',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`, 'chat');
      return [attempt(() => Object.assign(socket, { protocol: 'other' })), socket.protocol];
    },
  },
  ...[
    ['one that was not offered', 'protocol=other', ['chat', 'game']],
    ['none of those offered', 'protocol=', ['chat']],
    ['one, though none was offered', 'protocol=chat', undefined],
    ['one in another case', 'protocol=CHAT', ['chat']],
    ['an empty one, though none was offered', 'protocol=', undefined],
  ].map(([what, query, names]) => ({
    name: `the server answers ${what}`,
    async run(WebSocketClass, { server }) {
      const log = [];
      const socket = connect(WebSocketClass, `${server}/echo?${query}`, names);
      socket.onerror = () => log.push(['error', socket.readyState, socket.protocol]);
      const outcome = await Promise.race([next(socket, 'open'), next(socket, 'close')]);
      log.push([outcome.type, socket.readyState, socket.protocol]);
      return outcome.type === 'close' ? [...log, describeClose(outcome)] : log;
    },
  })),
];
