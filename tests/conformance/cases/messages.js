// What arrives: all of it, whole, in order, as a MessageEvent. https://websockets.spec.whatwg.org/#feedback-from-the-protocol

import { describeData, describeEvent } from '../lib/observe.js';
import { close, messages as collect, connect, next, open } from '../lib/sockets.js';

export const messages = [
  {
    name: 'a text message has all fields of a MessageEvent from the address of the server',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const seen = new Promise((resolve) => {
        socket.onmessage = (event) => resolve(describeEvent(event, socket));
      });
      socket.send('hello');
      const { origin, ...fields } = await seen;
      return { ...fields, origin: origin === server };
    },
    expected: {
      class: 'MessageEvent',
      type: 'message',
      target: true,
      currentTarget: true,
      srcElement: true,
      composedPath: true,
      eventPhase: 2,
      bubbles: false,
      cancelable: false,
      composed: false,
      defaultPrevented: false,
      returnValue: true,
      cancelBubble: false,
      isTrusted: true,
      timeStamp: 'number',
      data: 'hello',
      origin: true,
      lastEventId: '',
      source: null,
      ports: [],
      portsFrozen: true,
    },
  },
  {
    name: 'the origin of a message is the address of the server without path, in the scheme that the browser says',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server.replace('ws', 'http')}/echo?query`);
      const answer = next(socket, 'message');
      socket.send('x');
      return (await answer).origin === server;
    },
    expected: true,
  },
  {
    name: 'the data of a message is the same object each time it is read',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/push?count=2&size=10&binary=1`);
      const event = await next(socket, 'message');
      socket.binaryType = 'arraybuffer';
      const first = event.data;
      return [event.data === first, Object.prototype.toString.call(event.data)];
    },
    expected: [true, '[object Blob]'],
  },
  {
    name: 'all listeners see the same data object',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      socket.binaryType = 'arraybuffer';
      const seen = [];
      socket.onmessage = (event) => seen.push(event, event.data);
      socket.addEventListener('message', (event) => seen.push(event, event.data));
      const answer = next(socket, 'message');
      socket.send(new Uint8Array([1]));
      await answer;
      return [seen.length, seen[0] === seen[2], seen[1] === seen[3]];
    },
    expected: [4, true, true],
  },
  {
    name: '1,000 texts arrive in order',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = collect(socket, 1000);
      for (let n = 0; n < 1000; n++) socket.send(`message ${n}`);
      return (await received).every((data, n) => data === `message ${n}`);
    },
    expected: true,
  },
  {
    name: '500 messages of mixed kinds arrive in order, as blobs',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = collect(socket, 500);
      for (let n = 0; n < 500; n++) socket.send(n % 2 ? `${n}` : new Uint32Array([n]));
      const kinds = (await received).map((data) => typeof data);
      return kinds.every((kind, n) => kind === (n % 2 ? 'string' : 'object'));
    },
    expected: true,
  },
  {
    name: 'messages that the server pushes with the handshake come after open',
    async run(WebSocketClass, { server }) {
      const log = [];
      const socket = connect(WebSocketClass, `${server}/push?count=3&size=4`);
      socket.onopen = () => log.push('open');
      socket.onmessage = ({ data }) => log.push(data.length);
      await collect(socket, 3);
      return log;
    },
    expected: ['open', 4, 4, 4],
  },
  {
    name: 'a message handler that is set in open gets the first message',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/push?count=1&size=4`);
      return new Promise((resolve) => {
        socket.onopen = () => {
          socket.onmessage = ({ data }) => resolve(data.length);
        };
      });
    },
    expected: 4,
  },
  {
    name: 'messages nobody listens for are gone',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close?code=3000&after=1`);
      await next(socket, 'open');
      socket.send('unheard');
      const { code } = await next(socket, 'close');
      let heard = 0;
      socket.onmessage = () => heard++;
      await new Promise((resolve) => setTimeout(resolve));
      return [code, heard];
    },
    expected: [3000, 0],
  },
  {
    name: 'no message comes after close(), though the server has sent more',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/push?count=50&size=10`);
      let received = 0;
      socket.onmessage = () => {
        received++;
        if (received === 3) socket.close();
      };
      await next(socket, 'close');
      return received;
    },
    expected: 3,
  },
  {
    name: 'messages before a close frame of the server all come before close',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/close?code=4001&reason=done&after=20`);
      const log = [];
      socket.onmessage = ({ data }) => log.push(data);
      socket.onclose = ({ code, reason }) => log.push(code, reason);
      for (let n = 0; n < 20; n++) socket.send(String(n));
      await next(socket, 'close');
      return log;
    },
    expected: [...[...Array(20).keys()].map(String), 4001, 'done'],
  },
  {
    name: 'binary messages that the server pushes arrive as they were',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/push?count=3&size=1000&binary=1`);
      socket.binaryType = 'arraybuffer';
      return Promise.all((await collect(socket, 3)).map(describeData));
    },
  },
  {
    name: 'each message is a task of its own: promises of one settle before the next',
    async run(WebSocketClass, { server }) {
      const log = [];
      const socket = await open(WebSocketClass, `${server}/echo`);
      const received = collect(socket, 3);
      socket.onmessage = async ({ data }) => {
        log.push(`message ${data}`);
        await null;
        await null;
        log.push(`settled ${data}`);
      };
      for (const text of ['a', 'b', 'c']) socket.send(text);
      await received;
      await close(socket);
      return log;
    },
    expected: ['message a', 'settled a', 'message b', 'settled b', 'message c', 'settled c'],
  },
];
