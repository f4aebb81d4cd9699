// What the server says of its options, it says as an app in JavaScript writes them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { WebSocket } from 'ws';

// The bytes of the server's module: it is compiled when the first `Sessions` are made.
let bytes;
const { Module } = WebAssembly;
WebAssembly.Module = class extends Module {
  constructor(source) {
    super(source);
    bytes = Buffer.from(source);
  }
};

const { Sessions, setLog } = await import('../../dist/server/index.js');
const { attach } = await import('../../dist/server/node.js');

const lines = [];
setLog((level, line) => lines.push(`${level}: ${line}`));

/** A server with these options, whose answer to a handshake can be asked for. */
async function serve(t, options) {
  const sessions = new Sessions(options).serve(async (session) => {
    await session.next();
  });
  const server = createServer();
  attach(server, '/', sessions);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = [];
  t.after(async () => {
    for (const socket of sockets) socket.terminate();
    server.close();
    await sessions.shutDown();
  });
  return async (headers = {}) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/`, ['undrop.1'], { headers });
    sockets.push(socket);
    return new Promise((resolve) => {
      socket.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message));
    });
  };
}

test('an address that uses up a limit is warned of, with the options', async (t) => {
  const connect = await serve(t, { limits: { connectionsPerAddress: 1 } });
  assert.equal(await connect(), 'open');
  assert.equal(await connect(), 'Unexpected server response: 429');
  assert.deepEqual(lines.splice(0), [
    "warn: an address of a private network has used up its limit: if it is a proxy's, all clients count as one; set the " +
      "option proxies to what the proxy appends to, such as { xForwardedFor: 1 }. If it is a client's, raise the limit " +
      'address=127.0.0.1 limit="limits.connectionsPerAddress"',
  ]);
});

test('a page of another origin is warned of, with the options', async (t) => {
  const connect = await serve(t, {});
  assert.equal(await connect({ origin: 'https://app.example' }), 'Unexpected server response: 403');
  const [line] = lines.splice(0);
  assert.match(
    line,
    /^warn: a page was refused with 403: .* nor one of the option origins\. .*: origins: \[\.\.\.\] why=Host/,
  );
});

test('the module has no words for the options of Rust', () => {
  new Sessions();
  const text = bytes.toString('latin1');
  assert.match(text, /limits\.connectionsPerAddress/);
  assert.deepEqual(
    text.match(/\b(Config|Limits|Origins|Proxies|PlainConnections|Spread|ServeOptions|\w+Store)::\w+/g),
    null,
  );
});
