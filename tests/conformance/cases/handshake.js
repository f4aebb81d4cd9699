// What the server sees of an attempt. https://websockets.spec.whatwg.org/#websocket-opening-handshake

import { close, connect, counted, next, open } from '../lib/sockets.js';

async function headers(WebSocketClass, address, ...args) {
  const { data } = await next(connect(WebSocketClass, address, ...args), 'message');
  return JSON.parse(data);
}

export const handshake = [
  {
    name: 'the server sees path and query, and no subprotocol unless asked',
    async run(WebSocketClass, { server }) {
      const seen = await headers(WebSocketClass, `${server}/headers?a=1&b=2`);
      return [seen.path, seen['sec-websocket-protocol'] ?? null];
    },
  },
  {
    name: 'the origin is that of the page, whatever the scope',
    async run(WebSocketClass, { server }) {
      const { origin } = await headers(WebSocketClass, `${server}/headers`);
      return origin === globalThis.location.origin;
    },
    expected: true,
  },
  {
    name: 'no header but those of the browser is sent',
    async run(WebSocketClass, { server }) {
      const { 'sec-websocket-key': key, ...seen } = await headers(WebSocketClass, `${server}/headers`, ['chat']);
      return seen;
    },
  },
  {
    name: 'credentials in the url, as the browser treats them',
    async run(WebSocketClass, { server }) {
      const seen = await headers(WebSocketClass, `${server.replace('//', '//user:pass@')}/headers`);
      return seen.authorization ?? null;
    },
  },
  {
    name: 'each attempt has a key of its own',
    async run(WebSocketClass, { server }) {
      const first = await headers(WebSocketClass, `${server}/headers`);
      const second = await headers(WebSocketClass, `${server}/headers`);
      return first['sec-websocket-key'] === undefined || first['sec-websocket-key'] !== second['sec-websocket-key'];
    },
    expected: true,
  },
  {
    name: 'extensions are empty before the handshake, then what the server took, and stay after the close',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const before = socket.extensions;
      await next(socket, 'open');
      const during = socket.extensions;
      await close(socket);
      return [before, during, socket.extensions];
    },
  },
  {
    name: 'one attempt is one connection to the server',
    async run(WebSocketClass, { server }) {
      const { id, stats } = counted(server);
      const socket = await open(WebSocketClass, `${server}/echo?id=${id}`);
      await close(socket);
      const { accepted, handshakes, max_open } = await stats();
      return { accepted, handshakes, max_open };
    },
    expected: { accepted: 1, handshakes: 1, max_open: 1 },
  },
];
