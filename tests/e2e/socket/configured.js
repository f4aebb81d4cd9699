// Classes with options of their own, as a library gets them, and what ends their sockets.

import { Undrop as All } from '../../../dist/all.js';
import { Undrop } from '../../../dist/index.js';
import { Undrop as Messages } from '../../../dist/messages.js';
import { Undrop as Session } from '../../../dist/session.js';
import { next, thrown } from './tools.js';

/** The type and the cause of each of these events. */
const log = (socket, types) => {
  const seen = [];
  for (const type of types) socket.addEventListener(type, ({ cause }) => seen.push(cause ? `${type} ${cause}` : type));
  return seen;
};

const EVENTS = ['open', 'drop', 'error', 'close'];

export const configured = {
  'a class of with() has its options in each socket, and those of the constructor before them': {
    async play(url) {
      const Configured = Undrop.with({ retry: false, queue: true });
      const attempts = [];
      for (const options of [undefined, {}, { queue: false }]) {
        const socket = new Configured(`${url}/echo`, [], options);
        attempts.push(thrown(() => socket.send('early')) === 'nothing' ? 'queued' : 'refused');
        socket.close();
      }
      return attempts;
    },
    expected: ['queued', 'queued', 'refused'],
  },
  'with() of a class of with() adds to its options': {
    async play(url) {
      const Configured = Undrop.with({ retry: false }).with({ queue: true });
      const socket = new Configured(`${url}/close?code=1001&after=1`);
      const seen = log(socket, EVENTS);
      socket.send('early');
      await next(socket, 'close');
      return seen;
    },
    expected: ['open', 'close'],
  },
  'instanceof holds of a class, of its with() and of the entries that have as much, and of no others': {
    play(url) {
      const Configured = All.with({ resume: true });
      const classes = { Undrop, Messages, Session, All, Configured };
      const sockets = [
        new Undrop(`${url}/echo`),
        new (Messages.with({}))(`${url}/echo`),
        new (Session.with({}))(`${url}/echo`),
        new Configured(`${url}/session`),
      ];
      const of = (socket) => Object.keys(classes).filter((name) => socket instanceof classes[name]);
      for (const socket of sockets) socket.close();
      return sockets.map((socket) => of(socket).join(' '));
    },
    expected: ['Undrop', 'Undrop Messages', 'Undrop Session', 'Undrop Messages Session All Configured'],
  },
  'a class that extends one of with() makes its own objects': {
    play(url) {
      class Mine extends Undrop.with({ retry: false }) {
        mine = 'mine';
      }
      const socket = new Mine(`${url}/echo`);
      socket.close();
      return [socket.mine, socket instanceof Mine, socket instanceof Undrop, socket.constructor === Mine];
    },
    expected: ['mine', true, true, true],
  },
  'a typed message is sent by a class of with(), in the envelope that it was given': {
    async play(url) {
      const Configured = Messages.with({ envelope: { type: 'kind' } });
      const socket = new Configured(`${url}/echo`);
      const arrived = new Promise((resolve) => socket.on('say', resolve));
      socket.emit('say', 'hello');
      const raw = (await next(socket, 'message')).data;
      const data = await arrived;
      socket.close();
      return [raw, data];
    },
    expected: ['{"kind":"say","data":"hello"}', 'hello'],
  },
  'a socket that ends with its connection closes when that drops': {
    async play(url) {
      const socket = new Undrop(`${url}/close?code=1012&after=1`, [], { lifetime: 'connection' });
      const seen = log(socket, EVENTS);
      await next(socket, 'open');
      socket.send('now');
      const { code } = await next(socket, 'close');
      return [seen, code, socket.readyState, socket.state];
    },
    expected: [['open', 'close'], 1012, 3, 'closed'],
  },
  'a socket that ends with its connection closes when its handshake takes too long': {
    async play(url) {
      const socket = new Undrop(`${url}/hang`, [], { lifetime: 'connection', connectTimeout: 50 });
      const seen = log(socket, EVENTS);
      const { code, cause } = await next(socket, 'close');
      return [seen, code, cause];
    },
    expected: [['error', 'close timeout'], 1006, 'timeout'],
  },
  'options that do not go with lifetime are refused': {
    play: () =>
      [
        () => new Undrop('/echo', [], { lifetime: 'session' }),
        () => new Undrop('/echo', [], { lifetime: 'for ever' }),
        () => new Undrop('/echo', [], { lifetime: 'connection', retry: true }),
        () => new Session('/echo', [], { lifetime: 'session', resume: false }),
        () => new Session('/echo', [], { lifetime: 'session', retry: false }),
        () => new Session('/echo', [], { lifetime: 'connection', resume: true }),
        () => new (Undrop.with({ retry: 7 }))('/echo'),
      ].map(thrown),
    expected: [
      "TypeError: Undrop: resume and lifetime: 'session' need undrop/session or undrop/all.",
      "TypeError: Undrop: lifetime must be 'session' or 'connection', not for ever.",
      "TypeError: Undrop: lifetime: 'connection' excludes retry.",
      "TypeError: Undrop: lifetime: 'session' needs resume.",
      'TypeError: Undrop: resume needs retry.',
      'TypeError: Undrop: resume needs retry.',
      'TypeError: Undrop: retry must be a boolean, an object or a function, not 7.',
    ],
  },
};
