// Serves pages and scripts to the browsers under test, and forwards WebSocket handshakes to the test server, so that a
// relative url of a page reaches it too.

import { createServer } from 'node:http';
import { connect } from 'node:net';

const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', wasm: 'application/wasm' };

/**
 * `pages` maps a path to its text or bytes, or to `{ text, headers }`: a CSP, say. `upgrades` is the ws:// address that gets the
 * handshakes, at the path that `onward` makes of theirs. What is not listed is answered by `other(request, response)`, or with a 404.
 */
export async function startPageServer({ pages, upgrades, onward = (path) => path, other = notFound }) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://page').pathname;
    if (!Object.hasOwn(pages, path)) return other(request, response);
    const { text = pages[path], headers } = pages[path];
    response.writeHead(200, { 'content-type': types[path.split('.').at(-1)] ?? types.html, ...headers });
    response.end(text);
  });
  server.on('upgrade', (request, socket) => forward(request, socket, new URL(onward(request.url), upgrades)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function notFound(_, response) {
  response.writeHead(404).end();
}

function forward(request, socket, { hostname, port, pathname, search }) {
  const onward = connect(port, hostname, () => {
    const headers = request.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : `${name}: ${all[at + 1]}\r\n`));
    onward.write(`${request.method} ${pathname}${search} HTTP/1.1\r\n${headers.join('')}\r\n`);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
}
