// The fault proxy (the Rust program in tools/fault-proxy), as a process of its own that takes orders.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { finished, start } from '../../scripts/lib/run.mjs';
import { proxyProgram } from '../../scripts/lib/test-server.mjs';

/**
 * Connections to its `url` are forwarded to `url`; `buildPrograms` must have built it. Each order is one of those that the program lists
 * when it is called without arguments, and is done when its promise resolves.
 */
export async function startFaultProxy(url, { seed } = {}) {
  const args = ['--to', new URL(url).host, ...(seed === undefined ? [] : ['--seed', String(seed)])];
  const child = start(proxyProgram, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = finished(child, proxyProgram);
  const answers = createInterface({ input: child.stdout });
  const [first] = await Promise.race([once(answers, 'line'), gone.then(() => [])]);
  const [, address] = first?.match(/^listening (\S+)$/) ?? [];
  if (!address) throw new Error('the fault proxy did not start');

  const waiting = new Map();
  let last = 0;
  let isGone = false;
  answers.on('line', (line) => {
    const [, number, outcome, value] = line.match(/^(\d+) (ok|error) (.*)$/);
    const { text, resolve, reject } = waiting.get(Number(number));
    waiting.delete(Number(number));
    if (outcome === 'ok') resolve(JSON.parse(value));
    else reject(new Error(`the fault proxy does not ${text}: ${value}`));
  });
  const order = (...words) =>
    new Promise((resolve, reject) => {
      const text = words.join(' ');
      if (isGone) throw new Error(`the fault proxy is gone, and does not ${text}`);
      waiting.set(++last, { text, resolve, reject });
      child.stdin.write(`${last} ${text}\n`);
    });
  gone.then(() => {
    isGone = true;
    for (const { text, reject } of waiting.values()) reject(new Error(`the fault proxy went before it did ${text}`));
  });
  // The promises of the orders are rejected instead.
  child.stdin.on('error', () => {});
  const connections = () => order('connections');
  return {
    url: `ws://${address}`,
    /** Gives any order; resolves with its answer: for most how many connections it has hit. */
    order,
    /** Its live connections: `{ id, up: { taken, passed }, down: { taken, passed } }` of each. */
    connections,
    /** How many connections are live. */
    count: async () => (await connections()).length,
    /** Ends TCP with RST on both sides. */
    reset: () => order('reset'),
    /** Ends TCP in order on both sides. */
    fin: () => order('fin'),
    /** From now on nothing passes on the live connections, and nothing ends. */
    blackhole: (ways = 'both') => order('hole', ways, 'on', 'live'),
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}
