// A server for tests in a process of its own, under Node, Bun or Deno, whose clock stands still until it is told the time, and whose
// app does what it is told. `node stepped-server.mjs REDIS-URL`: each line of its standard input is a command, as JSON. It prints
// its port, then an answer to each command, `{"done": ...}`, and between those what the app hears.

import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

const clock = stopClock();
const { RedisStore, Sessions } = await import('../../../dist/server/index.js');

const redis = countCalls(new Redis(process.argv[2]));
/** The sessions of each node, by its path. */
const nodes = new Map();
/** The session that began last. */
let last;

const print = (line) => console.log(JSON.stringify(line));

const commands = {
  /** One more node with these options, whose sessions are in Redis under this prefix. The answer is its path. */
  node({ options, prefix }) {
    const path = `/${nodes.size + 1}`;
    const store = new RedisStore(redis.client, { prefix });
    nodes.set(path, new Sessions({ ...options, store }).serve(handle));
    return path;
  },
  time: ({ at }) => clock.set(at),
  async send({ message }) {
    const session = last;
    const delivered = session.deliver(message.binary === undefined ? message : Buffer.from(message.binary, 'hex'));
    await turn();
    const number = session.sent;
    delivered.then(
      () => print({ delivered: number }),
      () => {},
    );
  },
  end: () => last.close(),
  /** Answers when there are so many connections. */
  async connections({ count }) {
    while ([...nodes.values()].reduce((sum, sessions) => sum + connectionsOf(sessions), 0) !== count) await turn();
  },
  /** Answers when nothing is under way any more. */
  async settle() {
    for (let idle = 0; idle < 5; idle++) {
      await turn();
      if (redis.underway() > 0) idle = 0;
    }
  },
};

async function handle(session) {
  last = session;
  for await (const received of session) {
    const { message, number } = received;
    await received.commit();
    print({ receives: shown(message), number });
  }
  const { cause, undelivered } = session.ending;
  print({ ended: cause, undelivered: undelivered.map(shown) });
}

const shown = (message) => (typeof message === 'string' ? message : { binary: Buffer.from(message).toString('hex') });

const connectionsOf = (sessions) => Number(/^undrop_connections(?:\{\S*\})? (\d+)$/m.exec(sessions.metrics())[1]);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Puts a clock in the place of the runtime's. `set` has the timers ring that are due at a time, one after the other. */
function stopClock() {
  // A clock that begins at 0 could not be asked for anything before that.
  const begin = 1_000_000;
  let now = begin;
  const timers = new Set();
  performance.now = () => now;
  globalThis.setTimeout = (callback, delay = 0, ...args) => {
    const start = () => {
      timer.at = now + delay;
      timers.add(timer);
      return timer;
    };
    const timer = { ring: () => callback(...args), refresh: start, ref: () => timer, unref: () => timer };
    return start();
  };
  globalThis.clearTimeout = (timer) => timers.delete(timer);
  return {
    async set(time) {
      for (;;) {
        const [next] = [...timers].sort((one, other) => one.at - other.at);
        if (!next || next.at > begin + time) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.ring();
        await commands.settle();
      }
      now = begin + time;
    },
  };
}

/** What the store asks of a client of Redis, and how many commands are not answered. */
function countCalls(client) {
  let underway = 0;
  const callBuffer = (...args) => {
    underway++;
    return client.callBuffer(...args).finally(() => underway--);
  };
  return { client: { callBuffer, duplicate: () => client.duplicate() }, underway: () => underway };
}

const started = {
  async node() {
    const [{ createServer }, { upgrade }] = [await import('node:http'), await import('../../../dist/server/node.js')];
    const server = createServer();
    server.on('upgrade', (request, stream, head) => upgrade(nodes.get(request.url), request, stream, head));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server.address().port;
  },
  async bun() {
    const { upgrade, websocket } = await import('../../../dist/server/bun.js');
    const fetch = (request, server) => upgrade(nodes.get(new URL(request.url).pathname), request, server);
    return globalThis.Bun.serve({ port: 0, hostname: '127.0.0.1', fetch, websocket }).port;
  },
  async deno() {
    const { upgrade } = await import('../../../dist/server/deno.js');
    const serve = (request, info) => upgrade(nodes.get(new URL(request.url).pathname), request, info);
    return globalThis.Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => {} }, serve).addr.port;
  },
};

const runtime = globalThis.Bun ? 'bun' : globalThis.Deno ? 'deno' : 'node';
print(await started[runtime]());

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  print({ done: (await commands[command](given)) ?? true });
}
process.exit();
