// How the url is parsed and mapped, and what `url` returns.
// https://websockets.spec.whatwg.org/#dom-websocket-url

import { attempt } from '../lib/observe.js';
import { close, connect, next, open } from '../lib/sockets.js';

const syntaxError = { threw: { class: 'DOMException', name: 'SyntaxError', code: 12 } };

// Nothing listens there and nothing is looked up: the name is not to be resolved by RFC 6761.
const NOWHERE = 'example.invalid';

const rejected = {
  'an empty host': 'ws://',
  'an unclosed IPv6 address': 'ws://[::1',
  'a port above 65535': 'ws://example.invalid:65536/',
  'a port that is no number': 'ws://example.invalid:port/',
  'a percent sign in the host': 'ws://%/',
  'an empty host with a path': 'wss:///',
  'the scheme ftp': 'ftp://example.invalid/',
  'the scheme file': 'file:///etc/hosts',
  'the scheme mailto': 'mailto:someone@example.invalid',
  'the scheme about': 'about:blank',
  'the scheme data': 'data:text/plain,hello',
  'the scheme blob': 'blob:https://example.invalid/0',
  'the scheme javascript': 'javascript:void(0)',
  'an unknown scheme': 'webtransport://example.invalid/',
};

const accepted = {
  'http becomes ws': ['http://example.invalid/a?b', 'ws://example.invalid/a?b'],
  'https becomes wss': ['https://example.invalid/a?b', 'wss://example.invalid/a?b'],
  'the scheme is lower case': ['WS://example.invalid/', 'ws://example.invalid/'],
  'a mixed case http is mapped': ['hTTp://example.invalid/', 'ws://example.invalid/'],
  'an upper case HTTPS is mapped': ['HTTPS://example.invalid/', 'wss://example.invalid/'],
  'a missing path becomes a slash': ['ws://example.invalid', 'ws://example.invalid/'],
  'a missing path before a query becomes a slash': ['ws://example.invalid?x', 'ws://example.invalid/?x'],
  'the default port of ws goes': ['ws://example.invalid:80/', 'ws://example.invalid/'],
  'the default port of wss goes': ['wss://example.invalid:443/', 'wss://example.invalid/'],
  'the default port of http goes': ['http://example.invalid:80/', 'ws://example.invalid/'],
  'the default port of https goes': ['https://example.invalid:443/', 'wss://example.invalid/'],
  'port 443 stays on ws': ['ws://example.invalid:443/', 'ws://example.invalid:443/'],
  'port 80 stays on wss': ['wss://example.invalid:80/', 'wss://example.invalid:80/'],
  'an empty port goes': ['ws://example.invalid:/', 'ws://example.invalid/'],
  'leading zeros of a port go': ['ws://example.invalid:00081/', 'ws://example.invalid:81/'],
  'the host is lower case': ['ws://EXAMPLE.Invalid/Path', 'ws://example.invalid/Path'],
  'a non-ASCII host becomes punycode': ['ws://münchen.invalid/', 'ws://xn--mnchen-3ya.invalid/'],
  'a percent-encoded host is decoded': ['ws://ex%61mple.invalid/', 'ws://example.invalid/'],
  'a hexadecimal IPv4 address is written in decimals': ['ws://0x7f.1/', 'ws://127.0.0.1/'],
  'an IPv6 address is compressed': ['ws://[0:0:0:0:0:0:0:1]/', 'ws://[::1]/'],
  'dots in the path are resolved': ['ws://example.invalid/a/../b/./c', 'ws://example.invalid/b/c'],
  'encoded dots in the path are resolved': ['ws://example.invalid/a/%2e%2E/b', 'ws://example.invalid/b'],
  'backslashes are slashes': ['ws:\\\\example.invalid\\a', 'ws://example.invalid/a'],
  'missing slashes are forgiven': ['ws:example.invalid/a', 'ws://example.invalid/a'],
  'white space around goes': [' \t\n ws://example.invalid/a \r ', 'ws://example.invalid/a'],
  'tabs and newlines within go': ['ws://exa\tmple.in\nvalid/a', 'ws://example.invalid/a'],
  'a space in the path is encoded': ['ws://example.invalid/a b', 'ws://example.invalid/a%20b'],
  'a space in the query is encoded': ['ws://example.invalid/?a b', 'ws://example.invalid/?a%20b'],
  'a non-ASCII path is UTF-8': ['ws://example.invalid/ä', 'ws://example.invalid/%C3%A4'],
  'a non-ASCII query is UTF-8 whatever the page is': [
    'ws://example.invalid/?åäö',
    'ws://example.invalid/?%C3%A5%C3%A4%C3%B6',
  ],
  'a quote in the query is encoded': [`ws://example.invalid/?a"b'c`, 'ws://example.invalid/?a%22b%27c'],
  'NUL in the path is encoded': ['ws://example.invalid/a\0b', 'ws://example.invalid/a%00b'],
  'an encoded NUL stays': ['ws://example.invalid/a%00b', 'ws://example.invalid/a%00b'],
  'a lone surrogate becomes U+FFFD': ['ws://example.invalid/\ud800', 'ws://example.invalid/%EF%BF%BD'],
  'a pair of surrogates stays one character': [
    'ws://example.invalid/\ud83d\ude00',
    'ws://example.invalid/%F0%9F%98%80',
  ],
  'an empty query stays': ['ws://example.invalid/?', 'ws://example.invalid/?'],
  'credentials stay': ['ws://user:pass@example.invalid/', 'ws://user:pass@example.invalid/'],
  'an encoded hash is no fragment': ['ws://example.invalid/%23', 'ws://example.invalid/%23'],
  'a port that is not blocked is taken': ['ws://example.invalid:8080/', 'ws://example.invalid:8080/'],
};

const relative = [
  '',
  '/',
  'echo',
  './a/../b',
  '?query',
  '/a?b=c',
  `//${NOWHERE}/path`,
  'null',
  'a:b/c',
  'http:rest',
  'https:rest',
];

const fragments = [`ws://${NOWHERE}/#`, `ws://${NOWHERE}/#part`, `https://${NOWHERE}/a?b#c`, '#', '#part', 'path#part'];

// https://fetch.spec.whatwg.org/#port-blocking
const blockedPorts = [
  1, 7, 9, 13, 20, 21, 22, 23, 25, 53, 69, 79, 110, 137, 143, 389, 465, 548, 587, 993, 1719, 2049, 4045, 5060, 6000,
  6667, 6697, 10080,
];

export const url = [
  ...Object.entries(rejected).map(([what, address]) => ({
    name: `${what} is a SyntaxError`,
    run: (WebSocketClass) => attempt(() => new WebSocketClass(address)),
    expected: syntaxError,
  })),
  ...['ws://white space/', 'wss://white space/', 'ws://white%20space/'].map((address) => ({
    name: `a space in the host is a SyntaxError by the standard, and encoded by Chromium: ${address}`,
    run: (WebSocketClass) => attempt(() => connect(WebSocketClass, address).url),
  })),
  ...fragments.map((address) => ({
    name: `a fragment is gone or refused as the standard of the day has it: ${address}`,
    run(WebSocketClass) {
      // The fragment was refused for twenty years; https://github.com/whatwg/websockets/issues/71 wants it dropped.
      return attempt(() => connect(WebSocketClass, address).url);
    },
  })),
  ...Object.entries(accepted).map(([what, [address, resolved]]) => ({
    name: what,
    run(WebSocketClass) {
      const socket = connect(WebSocketClass, address);
      return { url: socket.url, readyState: socket.readyState };
    },
    expected: { url: resolved, readyState: 0 },
  })),
  ...relative.map((address) => ({
    name: `a relative url is resolved against the page or script: "${address}"`,
    run: (WebSocketClass, { folder }) =>
      attempt(() => connect(WebSocketClass, address).url.replace(folder, '/folder/')),
  })),
  {
    name: 'undefined and null are relative urls',
    run: (WebSocketClass, { folder }) =>
      [undefined, null].map((address) => connect(WebSocketClass, address).url.replace(folder, '/folder/')),
  },
  {
    name: 'a relative url reaches the server that served the page',
    async run(WebSocketClass) {
      const socket = await open(WebSocketClass, '/echo?relative');
      return { url: socket.url.replace(/:\d+/, ''), readyState: socket.readyState };
    },
    expected: { url: 'ws://127.0.0.1/echo?relative', readyState: 1 },
  },
  {
    name: 'an http url reaches the server',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server.replace('ws', 'HTTP')}/echo`);
      const { origin } = await messageOf(socket);
      return { url: socket.url === `${server}/echo`, origin: origin === server };
    },
    expected: { url: true, origin: true },
  },
  {
    name: 'path and query reach the server as they were resolved',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/headers/../headers?å%00&'"<>`);
      const { data } = await next(socket, 'message');
      return JSON.parse(data).path;
    },
  },
  {
    name: 'the url stays when the socket has closed, and cannot be set',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      await close(socket);
      return { set: attempt(() => Object.assign(socket, { url: 'ws://other.invalid/' })), url: socket.url };
    },
    expected: ({ server }) => ({ set: { threw: { class: 'TypeError', name: 'TypeError' } }, url: `${server}/echo` }),
  },
  ...blockedPorts.map((port) => ({
    name: `the blocked port ${port} fails the attempt`,
    async run(WebSocketClass) {
      const outcome = attempt(() => {
        const socket = connect(WebSocketClass, `ws://127.0.0.1:${port}/`);
        return { url: socket.url, readyState: socket.readyState };
      });
      return outcome;
    },
  })),
  {
    name: 'a blocked port ends in error and close',
    async run(WebSocketClass) {
      const log = [];
      let socket;
      const outcome = attempt(() => {
        socket = connect(WebSocketClass, 'ws://127.0.0.1:22/');
      });
      if (outcome.threw) return outcome;
      socket.onerror = () => log.push(['error', socket.readyState]);
      const { code, reason, wasClean } = await next(socket, 'close');
      return [...log, code, reason, wasClean];
    },
  },
];

async function messageOf(socket) {
  const answer = next(socket, 'message');
  socket.send('hello');
  return answer;
}
