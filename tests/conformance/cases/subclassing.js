// `class Chat extends WebSocket`: what pages and libraries do.

import { attempt } from '../lib/observe.js';
import { connect, next, roundTrip } from '../lib/sockets.js';

export const subclassing = [
  {
    name: 'a subclass makes instances of itself and of the class',
    run(WebSocketClass, { server }) {
      class Chat extends WebSocketClass {}
      const socket = connect(Chat, `${server}/echo`);
      return [
        socket instanceof Chat,
        socket instanceof WebSocketClass,
        Object.getPrototypeOf(socket) === Chat.prototype,
        socket.constructor === Chat,
        Chat.OPEN,
        String(socket),
      ];
    },
    expected: [true, true, true, true, 1, '[object WebSocket]'],
  },
  {
    name: 'a subclass has fields, private ones too, and overrides methods',
    async run(WebSocketClass, { server }) {
      class Chat extends WebSocketClass {
        sent = [];
        #count = 0;
        constructor(path) {
          super(`${server}${path}`, 'chat');
          this.path = path;
        }
        send(data) {
          this.sent.push(data);
          this.#count++;
          super.send(data);
        }
        get url() {
          return `mine of ${super.url}`;
        }
        get count() {
          return this.#count;
        }
      }
      const socket = connect(Chat, '/echo');
      await next(socket, 'open');
      const echo = await roundTrip(socket, 'hello');
      return [socket.sent, socket.count, socket.path, socket.url === `mine of ${server}/echo`, socket.protocol, echo];
    },
    expected: [['hello'], 1, '/echo', true, 'chat', 'hello'],
  },
  {
    name: 'events have the instance of the subclass as target and this',
    async run(WebSocketClass, { server }) {
      class Chat extends WebSocketClass {}
      const socket = connect(Chat, `${server}/echo`);
      const log = [];
      socket.onopen = function (event) {
        log.push(this === socket, event.target === socket, event.currentTarget === socket);
      };
      await next(socket, 'open');
      return log;
    },
    expected: [true, true, true],
  },
  {
    name: 'a subclass cannot be called without new, nor return before super',
    run: (WebSocketClass, { server }) => {
      class Chat extends WebSocketClass {}
      class Silent extends WebSocketClass {
        // biome-ignore lint/correctness/noUnreachableSuper: the missing super() is the case
        constructor() {}
      }
      return [attempt(() => Chat(`${server}/echo`)).threw?.class, attempt(() => new Silent()).threw?.class];
    },
    expected: ['TypeError', 'ReferenceError'],
  },
  {
    name: 'an error of the constructor passes through super',
    run(WebSocketClass) {
      class Chat extends WebSocketClass {}
      return [attempt(() => new Chat()), attempt(() => new Chat('ftp://example.invalid/'))];
    },
    expected: [
      { threw: { class: 'TypeError', name: 'TypeError' } },
      { threw: { class: 'DOMException', name: 'SyntaxError', code: 12 } },
    ],
  },
  {
    name: 'an old-style subclass by prototype and Reflect.construct works',
    async run(WebSocketClass, { server }) {
      function Chat(...args) {
        return Reflect.construct(WebSocketClass, args, new.target);
      }
      Object.setPrototypeOf(Chat.prototype, WebSocketClass.prototype);
      Object.setPrototypeOf(Chat, WebSocketClass);
      Chat.prototype.shout = function (text) {
        this.send(text.toUpperCase());
      };
      const socket = connect(Chat, `${server}/echo`);
      await next(socket, 'open');
      socket.shout('hello');
      return [(await next(socket, 'message')).data, socket instanceof Chat, Chat.CLOSED];
    },
    expected: ['HELLO', true, 3],
  },
  {
    name: 'the prototype of new.target is read after the arguments were counted',
    run(WebSocketClass) {
      const log = [];
      const target = new Proxy(function target() {}, {
        get(...args) {
          log.push(String(args[1]));
          return Reflect.get(...args);
        },
      });
      return [attempt(() => Reflect.construct(WebSocketClass, ['ftp://example.invalid/'], target)), log];
    },
  },
];
