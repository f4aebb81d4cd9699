// The server's side: what a session costs it, beside a socket without one.

import { startProgram } from '../lib/program.mjs';
import { serverProgram } from '../lib/stage.mjs';

/** The rooms, and what the server must have for each. */
const rooms = {
  'axum, raw socket': { path: '/room' },
  'undrop-server, session': { path: '/session-room', feature: 'session' },
};

export const server = {
  name: 'server',
  async run(stage) {
    const [clients, crowd, shouts] = stage.quick ? [1_000, 200, 20] : [10_000, 1_000, 200];
    const [memory, latency, skipped] = [{}, {}, {}];
    for (const [name, { path, feature }] of Object.entries(rooms)) {
      if (feature && !stage.features.includes(feature)) skipped[name] = `not in this build: ${feature}`;
      else {
        memory[name] = [await idle(path, clients)];
        latency[name] = await broadcast(path, crowd, shouts);
      }
    }
    const figure = { relation: 'value', skipped, targets: {} };
    const count = (number) => number.toLocaleString('en');
    return [
      { ...figure, title: `memory of an idle line, of ${count(clients)}`, unit: 'B', samples: memory },
      { ...figure, title: `a broadcast to ${count(crowd)}, until the last has it`, unit: 'ms', samples: latency },
    ];
  },
};

/** With a server of its own: what an allocator keeps of earlier lines would hide what these cost. */
async function idle(path, count) {
  return withServer(async (server, url) => {
    const before = await server.memory();
    const crowd = startCrowd(`${url}${path}`, count, 0);
    await said(crowd, 'open');
    const bytes = ((await server.memory()) - before) / count;
    await crowd.stop();
    return bytes;
  });
}

async function broadcast(path, count, shouts) {
  return withServer(async (_, url) => {
    const crowd = startCrowd(`${url}${path}`, count, shouts);
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
