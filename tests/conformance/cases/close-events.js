// Closes that the server or the network began.

import { describeEvent } from '../lib/observe.js';
import { connect, next, open, story } from '../lib/sockets.js';

const details = ({ type, target, code, reason, wasClean }) =>
  type === 'close' ? [type, target.readyState, code, reason, wasClean] : [type, target.readyState];
const clean = (code, reason = '') => [
  ['open', 1],
  ['close', 3, code, reason, true],
];

// RFC 6455 7.4 says which codes a server may send; browsers report what came.
const allowed = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4400, 4499, 4999,
];
const forbidden = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535];

const reasons = {
  'an empty reason': '',
  'a reason': 'server says goodbye',
  'a reason of 123 bytes': 'x'.repeat(123),
  'a reason of many bytes a character': '日本語😀',
  'a reason with NUL': 'a\0b',
};

const breaks = {
  'TCP ends without a close frame': 'fin',
  'TCP is reset': 'reset',
  'a text is not UTF-8': 'badutf8',
  'a frame has a reserved opcode': 'badframe?kind=reserved-opcode',
  'a frame has reserved bits': 'badframe?kind=rsv',
  'a message begins with a continuation': 'badframe?kind=continuation',
  'a control frame is too long': 'badframe?kind=control-too-long',
  'a frame says that it is 1 TiB long': 'badframe?kind=huge-header',
};

export const closeEvents = [
  ...allowed.map((code) => ({
    name: `the server closes with ${code}`,
    run: (WebSocketClass, { server }) =>
      story(connect(WebSocketClass, `${server}/close?code=${code}&reason=why`), details),
    expected: clean(code, 'why'),
  })),
  ...forbidden.map((code) => ({
    name: `the server closes with ${code}, which it must not`,
    run: (WebSocketClass, { server }) => story(connect(WebSocketClass, `${server}/close?code=${code}`), details),
  })),
  ...Object.entries(reasons).map(([what, reason]) => ({
    name: `the server closes with ${what}`,
    run: (WebSocketClass, { server }) =>
      story(connect(WebSocketClass, `${server}/close?code=4000&reason=${encodeURIComponent(reason)}`), details),
    expected: clean(4000, reason),
  })),
  {
    name: 'the server closes without a code',
    run: (WebSocketClass, { server }) => story(connect(WebSocketClass, `${server}/close`), details),
    expected: clean(1005),
  },
  {
    name: 'the server closes after a message',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close?code=1001&reason=away&after=1`);
      const log = story(socket, details);
      socket.onopen = () => socket.send('first');
      return log;
    },
    expected: [
      ['open', 1],
      ['message', 1],
      ['close', 3, 1001, 'away', true],
    ],
  },
  {
    name: 'the page hears the code of the server when both close',
    async run(WebSocketClass, { server }) {
      // The server closes when the message arrives, and the page right after it has sent it.
      const socket = await open(WebSocketClass, `${server}/close?code=4001&reason=server&after=1`);
      const log = story(socket, details);
      socket.send('go');
      socket.close(3000, 'page');
      return log;
    },
  },
  ...Object.entries(breaks).map(([what, address]) => ({
    name: what,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/${address}${address.includes('?') ? '&' : '?'}after=1`);
      const log = story(socket, details);
      socket.onopen = () => socket.send('first');
      // A break right behind the handshake leaves it to chance whether Firefox fires `open`, and one right behind a
      // message whether Chromium delivers that: so the break follows a message, which is not part of the story.
      return (await log).filter(([type]) => type !== 'message');
    },
  })),
  {
    // Chromium fails the connection, Firefox unmasks the message and goes on.
    name: 'a frame of the server is masked',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/badframe?kind=masked`);
      const log = story(socket, details);
      socket.addEventListener('message', () => socket.close(3000));
      return log;
    },
  },
  {
    name: 'the event of a lost connection has all its fields',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/fin`);
      return new Promise((resolve) => {
        socket.onclose = (event) => resolve(describeEvent(event, socket));
      });
    },
  },
  {
    name: 'nothing comes after close',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close?code=1000`);
      await next(socket, 'close');
      const log = [];
      for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, () => log.push(type));
      const other = await open(WebSocketClass, `${server}/echo`);
      const closed = next(other, 'close');
      other.close();
      await closed;
      return log;
    },
    expected: [],
  },
];
