// A method or accessor that is called on something else than a socket throws, before it looks at its arguments.

import { attempt } from '../lib/observe.js';
import { connect, next } from '../lib/sockets.js';

const attributes = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType'];
const handlers = ['onopen', 'onmessage', 'onerror', 'onclose'];

function others(WebSocketClass, server) {
  const socket = connect(WebSocketClass, `${server}/echo`);
  return {
    undefined: undefined,
    null: null,
    number: 1,
    'plain object': {},
    'object of no prototype': Object.create(null),
    'event target': new EventTarget(),
    prototype: WebSocketClass.prototype,
    'heir of an instance': Object.create(socket),
    'heir of the prototype': Object.create(WebSocketClass.prototype),
    'proxy of an instance': new Proxy(socket, {}),
    global: globalThis,
  };
}

const failures = (WebSocketClass, server, action) =>
  Object.entries(others(WebSocketClass, server)).map(([who, other]) => {
    const { threw, returned } = attempt(() => action(other));
    return [who, threw ? threw.class : { returned }];
  });

const everybody = (outcome) =>
  [
    'undefined',
    'null',
    'number',
    'plain object',
    'object of no prototype',
    'event target',
    'prototype',
    'heir of an instance',
    'heir of the prototype',
    'proxy of an instance',
    'global',
  ].map((who) => [who, outcome]);

export const brand = [
  ...[...attributes, ...handlers].map((name) => ({
    name: `get ${name} needs a socket as this`,
    run(WebSocketClass, { server }) {
      const { get } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, name);
      return failures(WebSocketClass, server, (other) => get.call(other));
    },
    expected: everybody('TypeError'),
  })),
  ...['binaryType', ...handlers].map((name) => ({
    name: `set ${name} needs a socket as this`,
    run(WebSocketClass, { server }) {
      const { set } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, name);
      return failures(WebSocketClass, server, (other) => set.call(other, 'arraybuffer'));
    },
    expected: everybody('TypeError'),
  })),
  ...['send', 'close'].map((name) => ({
    name: `${name}() needs a socket as this`,
    run: (WebSocketClass, { server }) =>
      failures(WebSocketClass, server, (other) => WebSocketClass.prototype[name].call(other, '1000')),
    expected: everybody('TypeError'),
  })),
  {
    name: 'a receiver of another class is refused before the arguments are converted',
    run(WebSocketClass) {
      const log = [];
      const argument = {
        toString() {
          log.push('converted');
          return '1000';
        },
      };
      const { send, close } = WebSocketClass.prototype;
      const { set } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, 'binaryType');
      const outcomes = [send, close, set].map((method) => attempt(() => method.call({}, argument)).threw?.class);
      return { outcomes, log };
    },
    expected: { outcomes: ['TypeError', 'TypeError', 'TypeError'], log: [] },
  },
  {
    name: 'methods and accessors work when they are borrowed for another socket of the class',
    run(WebSocketClass, { server }) {
      const first = connect(WebSocketClass, `${server}/echo?first`);
      const second = connect(WebSocketClass, `${server}/echo?second`);
      const { get } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, 'url');
      first.close.call(second);
      return [get.call(second) === second.url, first.readyState, second.readyState];
    },
    expected: [true, 0, 2],
  },
  {
    name: 'accessors work through Reflect.get and as a super property',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [
        Reflect.get(WebSocketClass.prototype, 'readyState', socket),
        Reflect.set(WebSocketClass.prototype, 'binaryType', 'arraybuffer', socket),
        socket.binaryType,
      ];
    },
    expected: [0, true, 'arraybuffer'],
  },
  {
    name: 'the methods of EventTarget taken from its prototype work on a socket',
    async run(WebSocketClass, { server }) {
      const { addEventListener, dispatchEvent, removeEventListener } = EventTarget.prototype;
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      const removed = () => log.push('removed');
      addEventListener.call(socket, 'open', (event) => log.push(['open', event.isTrusted, event.target === socket]));
      addEventListener.call(socket, 'open', removed);
      removeEventListener.call(socket, 'open', removed);
      addEventListener.call(socket, 'mine', (event) => log.push(['mine', event.isTrusted, event.target === socket]));
      log.push(dispatchEvent.call(socket, new Event('mine')));
      await next(socket, 'open');
      return log;
    },
    expected: [['mine', false, true], true, ['open', true, true]],
  },
];
