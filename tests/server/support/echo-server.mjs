// A server for tests in a process of its own, under Node, Bun or Deno: it answers each message with its number, in the commit, and
// typed messages if the client asks for them.
// The first line that it prints is its port; what is printed then is how sessions end.

import { Sessions, TypedMessages } from '../../../dist/server/index.js';

const sessions = new Sessions({
  spread: 0,
  closeTimeout: 500,
  origins: ['http://page.example'],
  protocols: ['numbers'],
  authenticate: (handshake) => handshake.query('user'),
});

const messages = new TypedMessages();

sessions.serve(async (session) => {
  if (session.handshake.query('typed')) {
    const client = messages.of(session);
    return client.serve({
      on: { say: (text) => client.emit('said', text) },
      handle: { double: (number) => number * 2 },
    });
  }
  session.send(`hello ${session.user}, by ${session.handshake.protocol}`);
  for await (const received of session) {
    const { message, number } = received;
    if (message === 'much') await fill(session);
    await received.commit(typeof message === 'string' ? `${number} ${message}` : message);
    if (message === 'bye') session.close(4321, 'bye');
  }
  const cause = session.ending?.cause;
  const frame = cause === 'client' ? await session.clientClose() : undefined;
  console.log(frame ? `${cause} ${frame.code} ${frame.reason}` : cause);
});

/** More than a WebSocket takes at once: 8 MiB. */
async function fill(session) {
  const block = new Uint8Array(64 << 10);
  for (let count = 0; count < 127; count++) session.send(block);
  await session.deliver(block);
}

const path = '/numbers';
const started = {
  async node() {
    const [{ createServer }, { attach }] = [await import('node:http'), await import('../../../dist/server/node.js')];
    const server = createServer();
    attach(server, path, sessions);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server.address().port;
  },
  async bun() {
    const { upgrade, websocket } = await import('../../../dist/server/bun.js');
    const fetch = (request, server) => upgrade(sessions, request, server);
    return globalThis.Bun.serve({ port: 0, hostname: '127.0.0.1', fetch, websocket }).port;
  },
  async deno() {
    const { upgrade } = await import('../../../dist/server/deno.js');
    const options = { port: 0, hostname: '127.0.0.1', onListen: () => {} };
    return globalThis.Deno.serve(options, (request, info) => upgrade(sessions, request, info)).addr.port;
  },
};

const runtime = globalThis.Bun ? 'bun' : globalThis.Deno ? 'deno' : 'node';
console.log(await started[runtime]());

process.stdin.once('data', async () => {
  await sessions.shutDown();
  console.log('shut down');
  process.exit();
});
