// The server's side: what a session costs it, beside a socket without one.

import { startProgram } from '../lib/program.mjs';
import { serverProgram } from '../lib/stage.mjs';

/** The rooms, and what a client has to do to be in one. */
const rooms = {
  'axum, raw socket': ['/room'],
  'axum, small buffer': ['/small-room'],
  'undrop-server, session': ['/session-room', 'session'],
};

export const server = {
  name: 'server',
  async run({ quick }) {
    const [clients, crowd, shouts] = quick ? [1_000, 200, 20] : [10_000, 1_000, 200];
    const [memory, latency] = [{}, {}];
    for (const [name, room] of Object.entries(rooms)) {
      memory[name] = [await idle(room, clients)];
      latency[name] = await broadcast(room, crowd, shouts);
    }
    const count = (number) => number.toLocaleString('en');
    return [
      { title: `memory of an idle line, of ${count(clients)}`, unit: 'B', relation: 'value', samples: memory },
      {
        title: `a broadcast to ${count(crowd)}, until the last has it`,
        unit: 'ms',
        relation: 'value',
        samples: latency,
      },
    ];
  },
};

/** With a server of its own: what an allocator keeps of earlier lines would hide what these cost. */
async function idle([path, ...how], count) {
  return withServer(async (server, url) => {
    const before = await server.memory();
    const crowd = startCrowd(`${url}${path}`, count, 0, ...how);
    await said(crowd, 'open');
    const bytes = ((await server.memory()) - before) / count;
    await crowd.stop();
    return bytes;
  });
}

async function broadcast([path, ...how], count, shouts) {
  return withServer(async (_, url) => {
    const crowd = startCrowd(`${url}${path}`, count, shouts, ...how);
    await said(crowd, 'open');
    const { milliseconds } = JSON.parse(await crowd.line());
    await crowd.stop();
    return milliseconds;
  });
}

async function withServer(use) {
  const server = startUnlimited([]);
  const url = (await server.line()).match(/^listening (\S+)$/)[1];
  try {
    return await use(server, url);
  } finally {
    await server.stop();
  }
}

async function said(program, word) {
  const line = await program.line();
  if (line !== word) throw new Error(`expected ${word}, got ${line}`);
}

const startCrowd = (...args) => startUnlimited(['crowd', ...args.map(String)]);

/** With as many open files as this user may have: each line is one. */
const startUnlimited = (args) =>
  startProgram('sh', ['-c', 'ulimit -n "$(ulimit -Hn)" && exec "$@"', 'sh', serverProgram, ...args]);
