// close() by the page: when, twice, from within listeners.

import { describeClose, describeEvent } from '../lib/observe.js';
import { close as closeAndWait, connect, counted, next, open, openAndClose, story } from '../lib/sockets.js';

const details = ({ type, target, code, reason, wasClean }) =>
  type === 'close' ? [type, target.readyState, code, reason, wasClean] : [type, target.readyState];

export const close = [
  {
    name: 'it gives undefined, and the event comes in a later task',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.onclose = () => log.push('close');
      log.push(String(socket.close()));
      await null;
      log.push('microtask');
      await next(socket, 'close');
      return log;
    },
    expected: ['undefined', 'microtask', 'close'],
  },
  {
    // The server would refuse: in a worker of Firefox a socket may have connected before it hears of the close.
    name: 'while connecting it fails the attempt: error, then close with 1006',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      const log = story(socket, details);
      socket.close();
      return log;
    },
    expected: [
      ['error', 3],
      ['close', 3, 1006, '', false],
    ],
  },
  {
    name: 'while connecting code and reason are dropped',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      const log = story(socket, details);
      socket.close(3000, 'never reported');
      return log;
    },
    expected: [
      ['error', 3],
      ['close', 3, 1006, '', false],
    ],
  },
  {
    name: 'while a server does not answer the handshake it fails the attempt',
    // A worker of Firefox that closes here cannot connect to that address for the next 20 s.
    scopes: ['window'],
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = connect(WebSocketClass, `${server}/hang?id=${id}`);
      const log = story(socket, details);
      await stats(({ accepted }) => accepted === 1);
      socket.close();
      return log;
    },
    expected: [
      ['error', 3],
      ['close', 3, 1006, '', false],
    ],
  },
  {
    name: 'while connecting its events come in a later task',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      const log = [];
      socket.onerror = () => log.push('error');
      socket.onclose = () => log.push('close');
      socket.close();
      log.push('returned');
      await null;
      log.push('microtask');
      await next(socket, 'close');
      return log;
    },
    expected: ['returned', 'microtask', 'error', 'close'],
  },
  {
    name: 'a second close() changes nothing, in any state',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = story(socket, details);
      socket.close(3000, 'first');
      socket.close(3001, 'second');
      socket.close();
      const closed = await log;
      socket.close(3002, 'third');
      await openAndClose(WebSocketClass, `${server}/echo`);
      return closed;
    },
    expected: [['close', 3, 3000, 'first', true]],
  },
  {
    name: 'a second close() while connecting changes nothing',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      const log = story(socket, details);
      socket.close();
      socket.close(3000, 'second');
      return log;
    },
    expected: [
      ['error', 3],
      ['close', 3, 1006, '', false],
    ],
  },
  {
    name: 'in the open listener',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = story(socket, details);
      socket.onopen = () => socket.close(3000, 'at once');
      return log;
    },
  },
  {
    name: 'in a message listener',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/push?count=2&size=1`);
      const log = story(socket, details);
      socket.onmessage = () => socket.close(3000, 'enough');
      return log;
    },
    expected: [
      ['open', 1],
      ['message', 1],
      ['close', 3, 3000, 'enough', true],
    ],
  },
  {
    name: 'in the close listener, with no second event',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      let closes = 0;
      socket.onclose = () => {
        closes++;
        socket.close(3001);
      };
      const { code } = await closeAndWait(socket, 3000);
      await openAndClose(WebSocketClass, `${server}/echo`);
      return [closes, code];
    },
    expected: [1, 3000],
  },
  {
    name: 'in the error listener of a failed attempt',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/status?code=500`);
      const log = story(socket, details);
      socket.onerror = () => socket.close(3000, 'too late');
      return log;
    },
    expected: [
      ['error', 3],
      ['close', 3, 1006, '', false],
    ],
  },
  {
    name: 'a close event after close() has all its fields',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const seen = new Promise((resolve) => {
        socket.onclose = (event) => resolve(describeEvent(event, socket));
      });
      socket.close(1000, 'bye');
      return seen;
    },
    expected: {
      class: 'CloseEvent',
      type: 'close',
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
      code: 1000,
      reason: 'bye',
      wasClean: true,
    },
  },
  {
    name: 'of one of two sockets leaves the other alone',
    async run(WebSocketClass, { server }) {
      const [first, second] = [
        await open(WebSocketClass, `${server}/echo`),
        await open(WebSocketClass, `${server}/echo`),
      ];
      const log = [];
      second.onclose = () => log.push('second');
      log.push(describeClose(await closeAndWait(first, 3000)));
      const answer = next(second, 'message');
      second.send('alive');
      log.push((await answer).data, second.readyState);
      return log;
    },
    expected: [{ code: 3000, reason: '', wasClean: true }, 'alive', 1],
  },
  {
    name: 'right after send() in the open listener, both arrive',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = connect(WebSocketClass, `${server}/echo?id=${id}`);
      socket.onopen = () => {
        socket.send('last words');
        socket.close(3000, 'bye');
      };
      const event = await next(socket, 'close');
      const seen = await stats(({ closes }) => closes.length === 1);
      return [describeClose(event), seen.messages_in, seen.closes];
    },
    expected: [{ code: 3000, reason: 'bye', wasClean: true }, 1, [{ code: 3000, reason: 'bye' }]],
  },
  {
    name: 'the server sees no code when none was given, and the code when one was',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      for (const args of [[], [1000], [4999, 'ä']]) {
        await closeAndWait(await open(WebSocketClass, `${server}/echo?id=${id}`), ...args);
      }
      return (await stats(({ closes }) => closes.length === 3)).closes;
    },
  },
];
