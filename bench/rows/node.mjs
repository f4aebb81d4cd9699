// The cost of a session on a server in Node, beside a bare server of the package ws and one of socket.io.

import { onNode, SESSION_ON_NODE, WS, WS_CONTROL } from '../contenders/index.mjs';
import { withCoresAwake } from '../lib/awake.mjs';
import { echoes, idle, startUnlimited } from '../lib/crowd.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';
import { address } from '../lib/stage.mjs';

const names = Object.keys(onNode);
const besideWs = { floor: WS, control: WS_CONTROL };

/**
 * How many clients send messages, and how many each at once. Anonymous clients of one address are one owner, whose sessions take turns
 * at the processor (`server/src/turns.rs`).
 */
const LOADS = [
  { clients: 1, addresses: 'own', inFlight: 64, to: '1 client' },
  { clients: 64, addresses: 'own', inFlight: 4, to: '64 clients' },
  { clients: 64, addresses: 'shared', inFlight: 4, to: '64 clients of one address' },
];

export const node = {
  name: 'node',
  run: async (stage) => [
    ...(await withServers((urls) => roundTrips(stage, urls))),
    ...(await withServers((urls) => throughput(stage, urls))),
    await memory(stage),
  ],
};

async function roundTrips(stage, urls) {
  const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 300] : [{ warmUp: 3, rounds: 31 }, 1_000];
  await stage.page(names);
  for (const name of names) await stage.call('connect', name, urls[name]);
  const measure = () => inRounds(names, plan, (name) => stage.call('echo', name, { count, size: 100 }));
  const samples = await measure();
  const awake = await withCoresAwake(measure);
  const figure = { ...besideWs, unit: 'ms', relation: 'ratio' };
  const title = 'echo round trip, 100 B, p50, a server in Node';
  return [
    { ...figure, title, samples: pick(awake, 'p50'), targets: { [SESSION_ON_NODE]: { most: 1.1 } } },
    { ...figure, title: `${title}, on cores that may sleep`, samples: pick(samples, 'p50') },
  ];
}

async function throughput({ quick }, urls) {
  const [plan, messages] = quick ? [{ warmUp: 1, rounds: 3 }, 20_000] : [{ warmUp: 2, rounds: 15 }, 50_000];
  const figures = [];
  for (const { to, ...load } of LOADS) {
    const measure = (name) => echoes(urls[name], { ...load, messages }, onNode[name].speaks);
    figures.push({
      title: `messages a second, 100 B, that a server in Node echoes to ${to} with ${load.inFlight} on the way`,
      unit: 'a second',
      relation: 'value',
      samples: await inRounds(names, plan, measure),
    });
  }
  return figures;
}

/** Each has a server of its own, which has had no connection before. */
async function memory({ quick }) {
  const clients = quick ? 1_000 : 10_000;
  const samples = {};
  for (const name of names.filter((name) => name !== WS_CONTROL)) {
    const { speaks } = onNode[name];
    samples[name] = [await withServer(name, (server, url) => idle(server, url, clients, speaks))];
  }
  const title = `memory of an idle connection of a server in Node, of ${clients.toLocaleString('en')}`;
  return { title, unit: 'B', relation: 'value', samples };
}

/** Starts all of them, and hands out their URLs. */
const withServers = (use, [name, ...rest] = names, urls = {}) =>
  name === undefined ? use(urls) : withServer(name, (_, url) => withServers(use, rest, { ...urls, [name]: url }));

async function withServer(name, use) {
  const server = startUnlimited([process.execPath, '--expose-gc', ...onNode[name].server]);
  try {
    const url = await address(server);
    return await use({ memory: async () => Number(await server.ask('memory')) }, url);
  } finally {
    await server.stop();
  }
}
