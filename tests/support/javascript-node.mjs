// `node javascript-node.mjs [--port N] [--redis URL] [--client redis|ioredis] [--spread MS]`: what server/examples/echo is in
// Rust, by `undrop/server`. It has the same routes, and says and does the same on them.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { RedisStore, Sessions } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    redis: { type: 'string' },
    client: { type: 'string', default: 'redis' },
    'time-to-live': { type: 'string' },
    spread: { type: 'string' },
  },
});

const options = {
  origins: 'any',
  ...(values['time-to-live'] && { timeToLive: Number(values['time-to-live']) }),
  ...(values.spread && { spread: Number(values.spread) }),
};
const client = values.redis && (await connect(values.redis));

async function connect(url) {
  if (values.client === 'ioredis') {
    const { Redis } = await import('ioredis');
    // It is back at once when Redis is.
    const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    return client;
  }
  const { createClient } = await import('redis');
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: () => 20 } });
  client.on('error', () => {});
  return client.connect();
}

const sessions = (kind) =>
  new Sessions({ ...options, ...(client && { store: new RedisStore(client, { prefix: `undrop:${kind}:` }) }) });

const echoes = sessions('echo').serve(async (session) => {
  // Both or neither: the message is done with, and its answer on the way.
  for await (const received of session) await received.commit(received.message);
});

const counts = sessions('count').serve(async (session) => {
  const { handshake } = session;
  const [down, pause] = [Number(handshake.query('down') ?? 0), Number(handshake.query('pause') ?? 0)];
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let isOver = false;
  const sending = (async () => {
    for (let turn = 1; session.sent < down && !isOver; turn++) {
      // Whoever sends next sends this number, because nothing else runs between the question and the sending.
      const number = `${session.sent + 1}`;
      try {
        // Each so many it waits for the client to keep up.
        if (turn % 64) session.send(number);
        else {
          await session.deliver(number);
          await later(pause);
        }
      } catch (error) {
        if (error.code !== 'full') return;
        await later(1);
      }
    }
  })();
  for await (const received of session) {
    const { message } = received;
    try {
      if (message === 'end') {
        while (session.sent < down) await later(1);
        await received.commit(`${session.sent + 1} = ${received.number - 1}`);
      } else {
        await received.commit(`${session.sent + 1} < ${message}`);
      }
    } catch {
      break;
    }
  }
  isOver = true;
  await sending;
});

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(request.url === '/metrics' ? `# /echo\n${echoes.metrics()}# /count\n${counts.metrics()}` : '');
});
attach(server, '/echo', echoes);
attach(server, '/count', counts);
server.listen(Number(values.port), '127.0.0.1', () => console.log(`listening ws://127.0.0.1:${server.address().port}`));

process.stdin.resume().on('end', async () => {
  server.close();
  await Promise.all([echoes.shutDown(), counts.shutDown()]);
  await client?.close?.();
  process.exit();
});
