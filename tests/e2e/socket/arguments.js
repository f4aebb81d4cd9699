// Arguments of the constructor that can't be: each error names the option and its value.

import { Undrop as All } from '../../../dist/all.js';
import { Undrop } from '../../../dist/index.js';
import { Undrop as Messages } from '../../../dist/messages.js';
import { Undrop as Session } from '../../../dist/session.js';
import { next, thrown, warnings } from './tools.js';

/** The options, and what the error names: the option, then the value. */
const invalid = [
  [null, 'options', 'null'],
  [3, 'options', '3'],
  [{ retry: 3 }, 'retry', '3'],
  [{ retry: null }, 'retry', 'null'],
  [{ retry: 'never' }, 'retry', 'never'],
  [{ retry: { limit: 'x' } }, 'retry.limit', 'x'],
  [{ retry: { first: -1 } }, 'retry.first', '-1'],
  [{ retry: { cap: Number.NaN } }, 'retry.cap', 'NaN'],
  [{ retry: { resetAfter: null } }, 'retry.resetAfter', 'null'],
  [{ retry: { decide: true } }, 'retry.decide', 'true'],
  [{ connectTimeout: 0 }, 'connectTimeout', '0'],
  [{ closeTimeout: '1 s' }, 'closeTimeout', '1 s'],
  [{ queue: 'x' }, 'queue', 'x'],
  [{ queue: null }, 'queue', 'null'],
  [{ queue: { messages: 'many' } }, 'queue.messages', 'many'],
  [{ queue: { bytes: -5 } }, 'queue.bytes', '-5'],
  [{ queue: { timeToLive: true } }, 'queue.timeToLive', 'true'],
  [{ queue: { overflow: 'drop-newest' } }, 'queue.overflow', 'drop-newest'],
  [{ heartbeat: true }, 'heartbeat', 'true'],
  [{ heartbeat: null }, 'heartbeat', 'null'],
  [{ heartbeat: { message: 3 } }, 'heartbeat.message', '3'],
  [{ heartbeat: { message: 'ping', reply: 3 } }, 'heartbeat.reply', '3'],
  [{ heartbeat: { message: 'ping', interval: 0 } }, 'heartbeat.interval', '0'],
  [{ heartbeat: { message: 'ping', timeout: 'x' } }, 'heartbeat.timeout', 'x'],
];
const invalidWithSession = [
  [{ resume: 3 }, 'resume', '3'],
  [{ resume: null }, 'resume', 'null'],
  [{ resume: { limitMessages: 0 } }, 'resume.limitMessages', '0'],
  [{ resume: { limitBytes: 'x' } }, 'resume.limitBytes', 'x'],
  [{ resume: { onReset: 'x' } }, 'resume.onReset', 'x'],
];

/** Names that no option has, and what the warning takes them for first. */
const unknown = [
  [{ maxRetries: 3 }, 'maxRetries', 'retry'],
  [{ conectTimeout: 3_000 }, 'conectTimeout', 'connectTimeout'],
  [{ retry: { max: 3 } }, 'retry.max', 'retry.limit'],
  [{ queue: { byte: 3 } }, 'queue.byte', 'queue.bytes'],
  [{ heartbeat: { message: 'ping', replies: 'pong' } }, 'heartbeat.replies', 'heartbeat.reply'],
];

const show = (options) => JSON.stringify(options, (_, value) => (Number.isNaN(value) ? 'NaN' : value));

const inEntry = (Class, entry, rows) =>
  rows.map(([options, option, value]) => [
    `${entry}: ${show(options)} is a TypeError that names ${option} and ${value}`,
    {
      play(url) {
        const [, name, rest] = thrown(() => new Class(`${url}/echo`, [], options)).match(/^(\w+): Undrop: (.*)$/) ?? [];
        return [name, rest?.startsWith(`${option} must be `), rest?.endsWith(`, not ${value}.`)];
      },
      expected: ['TypeError', true, true],
    },
  ]);

export const badArguments = {
  ...Object.fromEntries([
    ...inEntry(Undrop, 'index', invalid),
    ...inEntry(Messages, 'messages', invalid.slice(0, 3)),
    ...inEntry(Session, 'session', [...invalid.slice(0, 3), ...invalidWithSession]),
    ...inEntry(All, 'all', [...invalid.slice(0, 3), ...invalidWithSession]),
  ]),

  ...Object.fromEntries(
    unknown.map(([options, name, nearest]) => [
      `${show(options)} is one warning, however often, that names ${name} and ${nearest}`,
      {
        async play(url) {
          const texts = await warnings(() => {
            for (let times = 0; times < 2; times++) new Undrop(`${url}/echo`, [], options).close();
          });
          return texts.map((text) => text.match(/^Undrop: there is no option ([\w.]+)\. Is it ([\w.]+),/)?.slice(1));
        },
        expected: [[name, nearest]],
      },
    ]),
  ),

  'options that there are make no warning': {
    play: (url) =>
      warnings(() => {
        const { signal } = new AbortController();
        const common = { retry: { limit: 1, first: 1, cap: 1, resetAfter: 1, decide: () => false }, signal };
        const plain = { ...common, connectTimeout: 1_000, closeTimeout: 1_000, queue: { messages: 1, bytes: 1 } };
        const heartbeat = { interval: 1_000, timeout: 1_000, message: 'ping', reply: 'pong' };
        for (const Class of [Undrop, Messages, Session, All])
          new Class(`${url}/echo`, [], { ...plain, heartbeat }).close();
        const resume = { limitBytes: 1, limitMessages: 1, onReset() {} };
        for (const Class of [Session, All]) new Class(`${url}/session`, [], { ...common, resume }).close();
        for (const Class of [Messages, All]) new Class(`${url}/echo`, [], { envelope: {}, schemas: {} }).close();
      }),
    expected: [],
  },

  'a heartbeat without a message is a TypeError, unless resume is on': {
    async play(url) {
      const heartbeat = { interval: 300 };
      const [first, ...rest] = [Undrop, Messages, Session, All].map((Class) =>
        thrown(() => new Class(`${url}/echo`, [], { heartbeat })),
      );
      new Session(`${url}/session`, [], { heartbeat, resume: true }).close();
      return [first, rest.every((text) => text === first)];
    },
    expected: ['TypeError: Undrop: heartbeat needs a message to send, unless resume is on.', true],
  },

  'a signal that is none is a TypeError': {
    play: (url) => thrown(() => new Undrop(`${url}/echo`, [], { signal: new AbortController() })),
    expected: 'TypeError: Undrop: signal must be an AbortSignal, not [object AbortController].',
  },

  'an invalid option begins no attempt': {
    async play(url) {
      const id = crypto.randomUUID();
      thrown(() => new Undrop(`${url}/echo?id=${id}`, [], { queue: 'x' }));
      const socket = new Undrop(`${url}/echo?id=${id}`);
      await next(socket, 'open');
      socket.close();
      return (await (await fetch(`/stats?id=${id}`)).json()).handshakes;
    },
    expected: 1,
  },

  'null as subprotocols is the subprotocol "null", as with the native class, and a warning': {
    async play(url) {
      let socket;
      const texts = await warnings(() => {
        socket = new Undrop(`${url}/headers`, null, { retry: { limit: 1 } });
      });
      const { data } = await next(socket, 'message');
      socket.close();
      return [texts.length, /null/.test(texts[0]), JSON.parse(data).protocol ?? socket.protocol];
    },
    expected: [1, true, 'null'],
  },

  'options in the place of the subprotocols are a SyntaxError, as with the native class, and a warning that says where they belong':
    {
      async play(url) {
        let text;
        const texts = await warnings(() => {
          text = thrown(() => new Undrop(`${url}/echo`, { retry: false }));
        });
        return [text.split(':')[0], texts];
      },
      expected: ['SyntaxError', ['Undrop: [object Object] is taken as a subprotocol. Options are the third argument.']],
    },

  'resume is a TypeError where there are no sessions': {
    play: (url) =>
      [Undrop, Messages].flatMap((Class) =>
        [true, {}].map((resume) => thrown(() => new Class(`${url}/echo`, [], { resume }))),
      ),
    expected: Array(4).fill("TypeError: Undrop: resume and lifetime: 'session' need undrop/session or undrop/all."),
  },

  'an empty subprotocol is a SyntaxError, as with the native class': {
    play(url) {
      const names = [];
      for (const Class of [WebSocket, Undrop, Messages, Session, All])
        names.push(thrown(() => new Class(`${url}/echo`, '')).split(':')[0]);
      return names;
    },
    expected: Array(5).fill('SyntaxError'),
  },
};
