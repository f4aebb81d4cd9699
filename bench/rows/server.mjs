// The cost of a session on the server, compared with a socket without one.

import { startUnlimited } from '../lib/stage.mjs';

/** The rooms: the path of each, and the further arguments of its clients. */
const rooms = {
  'axum, raw socket': ['/room'],
  'axum, small buffer': ['/small-room'],
  'undrop-server, session': ['/session-room', 'session'],
};

export const server = {
  name: 'server',
  async run({ quick }) {
    const [clients, members, messages] = quick ? [1_000, 200, 20] : [10_000, 1_000, 200];
    const [memory, latency] = [{}, {}];
    for (const [name, room] of Object.entries(rooms)) {
      memory[name] = [await idle(room, clients)];
      latency[name] = await broadcast(room, members, messages);
    }
    const count = (number) => number.toLocaleString('en');
    return [
      { title: `memory of an idle connection, of ${count(clients)}`, unit: 'B', relation: 'value', samples: memory },
      {
        title: `a broadcast to ${count(members)}, until the last has received it`,
        unit: 'ms',
        relation: 'value',
        samples: latency,
      },
    ];
  },
};

/** Each measurement has a server of its own: memory that an allocator keeps of earlier connections would hide the cost. */
async function idle([path, ...how], count) {
  return withServer(async (server, url) => {
    const before = await server.memory();
    const crowd = startCrowd(`${url}${path}`, count, 0, ...how);
    await printed(crowd, 'open');
    const bytes = ((await server.memory()) - before) / count;
    await crowd.stop();
    return bytes;
  });
}

async function broadcast([path, ...how], count, messages) {
  return withServer(async (_, url) => {
    const crowd = startCrowd(`${url}${path}`, count, messages, ...how);
    await printed(crowd, 'open');
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

async function printed(program, word) {
  const line = await program.line();
  if (line !== word) throw new Error(`expected ${word}, got ${line}`);
}

const startCrowd = (...args) => startUnlimited(['crowd', ...args.map(String)]);
