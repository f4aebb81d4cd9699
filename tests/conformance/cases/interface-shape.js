// The class, its prototype and an instance as reflection shows them.
// https://webidl.spec.whatwg.org/#es-interfaces

import { attempt, describeProperty } from '../lib/observe.js';
import { connect, next } from '../lib/sockets.js';

const attributes = [
  'url',
  'readyState',
  'bufferedAmount',
  'onopen',
  'onerror',
  'onclose',
  'extensions',
  'protocol',
  'onmessage',
  'binaryType',
];
const writable = ['onopen', 'onerror', 'onclose', 'onmessage', 'binaryType'];
const operations = { close: 0, send: 1 };
const constants = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

const enumerated = (subject) => {
  const keys = [];
  for (const key in subject) keys.push(key);
  return keys.sort();
};

const accessor = (name) => ({
  get: { name: `get ${name}`, length: 0, prototype: false },
  set: writable.includes(name) ? { name: `set ${name}`, length: 1, prototype: false } : '<undefined>',
  enumerable: true,
  configurable: true,
});

export const interfaceShape = [
  ...attributes.map((name) => ({
    name: `${name} is an accessor on the prototype`,
    run: (WebSocketClass) => describeProperty(WebSocketClass.prototype, name),
    expected: accessor(name),
  })),
  ...Object.entries(operations).map(([name, length]) => ({
    name: `${name} is a method of ${length} needed arguments on the prototype`,
    run: (WebSocketClass) => describeProperty(WebSocketClass.prototype, name),
    expected: { value: { name, length, prototype: false }, writable: true, enumerable: true, configurable: true },
  })),
  {
    name: 'no method or accessor is a constructor',
    run: (WebSocketClass) =>
      [...attributes, ...Object.keys(operations)].map((name) => {
        const { get, value = get } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, name);
        return attempt(() => new value()).threw?.class;
      }),
    expected: Array(12).fill('TypeError'),
  },
  {
    name: 'the class is a function of one needed argument, with a fixed prototype',
    run: (WebSocketClass) => ({
      type: typeof WebSocketClass,
      length: describeProperty(WebSocketClass, 'length'),
      name: { ...describeProperty(WebSocketClass, 'name'), value: typeof WebSocketClass.name },
      prototype: { ...describeProperty(WebSocketClass, 'prototype'), value: typeof WebSocketClass.prototype },
    }),
    expected: {
      type: 'function',
      length: { value: 1, writable: false, enumerable: false, configurable: true },
      name: { value: 'string', writable: false, enumerable: false, configurable: true },
      prototype: { value: 'object', writable: false, enumerable: false, configurable: false },
    },
  },
  {
    name: 'the class inherits from EventTarget, and so does its prototype',
    run: (WebSocketClass) => [
      Object.getPrototypeOf(WebSocketClass) === EventTarget,
      Object.getPrototypeOf(WebSocketClass.prototype) === EventTarget.prototype,
    ],
    expected: [true, true],
  },
  {
    name: 'the prototype knows its constructor',
    run(WebSocketClass) {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(WebSocketClass.prototype, 'constructor');
      return { ...flags, same: value === WebSocketClass };
    },
    expected: { writable: true, enumerable: false, configurable: true, same: true },
  },
  {
    name: 'the toStringTag is WebSocket, on the prototype and for all who ask',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return {
        property: describeProperty(WebSocketClass.prototype, Symbol.toStringTag),
        own: Object.hasOwn(socket, Symbol.toStringTag),
        string: String(socket),
        object: Object.prototype.toString.call(socket),
        prototype: Object.prototype.toString.call(WebSocketClass.prototype),
      };
    },
    expected: {
      property: { value: 'WebSocket', writable: false, enumerable: false, configurable: true },
      own: false,
      string: '[object WebSocket]',
      object: '[object WebSocket]',
      prototype: '[object WebSocket]',
    },
  },
  {
    name: 'for-in over an instance shows the interface and no more',
    run: (WebSocketClass, { server }) => enumerated(connect(WebSocketClass, `${server}/echo`)),
    expected: [
      ...attributes,
      ...Object.keys(operations),
      ...constants,
      'addEventListener',
      'dispatchEvent',
      'removeEventListener',
      'when',
    ]
      .filter((key) => key !== 'when' || 'when' in EventTarget.prototype)
      .sort(),
  },
  {
    name: 'for-in over the class shows the constants',
    run: (WebSocketClass) => enumerated(WebSocketClass),
    expected: [...constants].sort(),
  },
  {
    name: 'the own keys of the class are the constants, and those of a class',
    run: (WebSocketClass) => Reflect.ownKeys(WebSocketClass).map(String).sort(),
    expected: [...constants, 'length', 'name', 'prototype'].sort(),
  },
  {
    name: 'the enumerable keys of the prototype are the interface',
    run: (WebSocketClass) => Object.keys(WebSocketClass.prototype).sort(),
    expected: [...attributes, ...Object.keys(operations), ...constants].sort(),
  },
  {
    name: 'an instance has no properties of its own, whatever happens to it',
    async run(WebSocketClass, { server }) {
      const own = (socket) => [Object.keys(socket), Reflect.ownKeys(socket).map(String), JSON.stringify(socket)];
      const socket = connect(WebSocketClass, `${server}/echo`);
      const fresh = own(socket);
      socket.onmessage = () => {};
      socket.binaryType = 'arraybuffer';
      await next(socket, 'open');
      const opened = own(socket);
      socket.close();
      await next(socket, 'close');
      return [fresh, opened, own(socket)];
    },
    expected: Array(3).fill([[], [], '{}']),
  },
  {
    name: 'the methods of EventTarget are inherited and not the class its own',
    run: (WebSocketClass) =>
      ['addEventListener', 'removeEventListener', 'dispatchEvent'].map((name) => [
        Object.hasOwn(WebSocketClass.prototype, name),
        WebSocketClass.prototype[name] === EventTarget.prototype[name],
      ]),
    expected: Array(3).fill([false, true]),
  },
  {
    name: 'a method or accessor can be replaced on the prototype, and sockets see it',
    run(WebSocketClass, { server }) {
      const { prototype } = WebSocketClass;
      const bufferedAmount = Object.getOwnPropertyDescriptor(prototype, 'bufferedAmount');
      const { send } = prototype;
      const log = [];
      try {
        Object.defineProperty(prototype, 'bufferedAmount', { get: () => 'mine' });
        prototype.send = (data) => log.push(data);
        const socket = connect(WebSocketClass, `${server}/echo`);
        socket.send('kept');
        return [socket.bufferedAmount, log];
      } finally {
        Object.defineProperty(prototype, 'bufferedAmount', bufferedAmount);
        prototype.send = send;
      }
    },
    expected: ['mine', ['kept']],
  },
  {
    name: 'an accessor can be deleted from the prototype, and is gone',
    run(WebSocketClass, { server }) {
      const { prototype } = WebSocketClass;
      const extensions = Object.getOwnPropertyDescriptor(prototype, 'extensions');
      try {
        delete prototype.extensions;
        const socket = connect(WebSocketClass, `${server}/echo`);
        return ['extensions' in socket, typeof socket.extensions];
      } finally {
        Object.defineProperty(prototype, 'extensions', extensions);
      }
    },
    expected: [false, 'undefined'],
  },
  {
    name: 'deleting an attribute of an instance does nothing',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [...attributes, 'send'].map((name) => [Reflect.deleteProperty(socket, name), name in socket]);
    },
    expected: Array(11).fill([true, true]),
  },
  {
    name: 'read-only attributes cannot be assigned, and throw in strict mode',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const readOnly = attributes.filter((name) => !writable.includes(name));
      return readOnly.map((name) => [
        attempt(() => Object.assign(socket, { [name]: 'mine' })).threw?.class,
        Reflect.set(socket, name, 'mine'),
        socket[name] === 'mine',
      ]);
    },
    expected: Array(5).fill(['TypeError', false, false]),
  },
  {
    name: 'an instance takes properties of its own, as every object',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      socket.mine = 1;
      Object.defineProperty(socket, 'readyState', { value: 'mine' });
      return [socket.mine, socket.readyState, Object.keys(socket), Object.isExtensible(socket)];
    },
    expected: [1, 'mine', ['mine'], true],
  },
  {
    name: 'a socket cannot be cloned',
    run: (WebSocketClass, { server }) => attempt(() => structuredClone(connect(WebSocketClass, `${server}/echo`))),
    expected: { threw: { class: 'DOMException', name: 'DataCloneError', code: 25 } },
  },
  {
    name: 'the same socket is a key in maps and sets',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [new Set([socket]).has(socket), new WeakMap([[socket, 'kept']]).get(socket)];
    },
    expected: [true, 'kept'],
  },
];
