// The cost of a session on the server, compared with a socket without one.

import { broadcast, idle, startUnlimited } from '../lib/crowd.mjs';
import { address, serverProgram } from '../lib/stage.mjs';

/** The rooms: the path of each, and the kind of its clients. */
const rooms = {
  'axum, raw socket': ['/room', []],
  'axum, small buffer': ['/small-room', []],
  'undrop-server, session': ['/session-room', ['session']],
};

export const server = {
  name: 'server',
  async run({ quick }) {
    const [clients, members, messages] = quick ? [1_000, 200, 20] : [10_000, 1_000, 200];
    const [memory, latency] = [{}, {}];
    for (const [name, [path, kind]] of Object.entries(rooms)) {
      memory[name] = [await withServer((server, url) => idle(server, `${url}${path}`, clients, kind))];
      latency[name] = await withServer((_, url) => broadcast(`${url}${path}`, members, messages, kind));
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
async function withServer(use) {
  const server = startUnlimited([serverProgram]);
  try {
    return await use(server, await address(server));
  } finally {
    await server.stop();
  }
}
