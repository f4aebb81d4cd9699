// Two nodes with one Redis behind a proxy, clients that talk through it, and what an operator and the world do meanwhile.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { lastingPort } from '../../../scripts/lib/ports.mjs';
import { startRedis } from '../../../scripts/lib/redis.mjs';
import { startNode } from '../../support/nodes.mjs';
import { sum } from './counts.mjs';
import { proxies } from './proxies.mjs';

export const CLIENTS = 50;

/** What happens in each phase. */
const phases = {
  'nothing happens': async () => {},
  'the proxy is reloaded, and ends what is old': async ({ proxy, crowd }) => {
    await proxy.reload();
    await crowd.ask('back');
  },
  'the nodes are restarted in turn, by SIGTERM': async ({ nodes, crowd }) => {
    for (const node of nodes) {
      await node.end('SIGTERM');
      await node.start();
      await crowd.ask('settle');
    }
  },
  'a node is killed, by SIGKILL, and comes back': async ({ nodes: [node], crowd }) => {
    await node.end('SIGKILL');
    await crowd.ask('settle');
    await node.start();
  },
};

/**
 * The phases behind one proxy, each so many times: `{ phase, aways, received, lost, duplicated, reordered }` of each, the last of
 * all together.
 */
export async function operate(name, rounds = 1) {
  const stops = [];
  try {
    const redis = await startRedis();
    stops.push(redis.stop);
    const nodes = [await startNode(redis.url), await startNode(redis.url)];
    stops.push(...nodes.map((node) => () => node.end('SIGKILL')));
    const port = await lastingPort();
    const proxy = await proxies[name](
      port,
      nodes.map(({ url }) => new URL(url).host),
    );
    stops.push(proxy.stop);
    const crowd = gather(`ws://127.0.0.1:${port}/count`);
    stops.push(crowd.stop);
    await crowd.ask('settle');
    const rows = [];
    for (const [phase, happens] of Object.entries(phases)) {
      const reports = [];
      for (let round = 0; round < rounds; round++) {
        await crowd.ask('begin');
        await happens({ nodes, proxy, crowd });
        await crowd.ask('settle');
        reports.push(await crowd.ask('report'));
      }
      const aways = reports.flatMap(({ aways }) => aways);
      rows.push({ phase, aways, ...sum(reports) });
    }
    rows.push({ phase: 'all', aways: rows.flatMap(({ aways }) => aways), ...(await crowd.ask('end')) });
    return rows;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The clients. */
function gather(url) {
  const program = inRoot('tests/production/support/crowd.mjs');
  const child = fork(program, [url, String(CLIENTS)]);
  const gone = once(child, 'exit');
  return {
    async ask(command) {
      child.send(command);
      const answer = await Promise.race([once(child, 'message'), gone.then(() => undefined)]);
      if (!answer) throw new Error('the clients have ended: see above');
      return answer[0].result;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/** The rows as a table: phase by phase, proxy by proxy. */
export function table(byProxy) {
  const [head, ...rows] = [
    ['phase', 'proxy', 'drops', 'away p50', 'away p99', 'messages', 'lost', 'duplicated', 'reordered'],
    ...Object.values(byProxy)[0].flatMap(({ phase }, index) =>
      Object.entries(byProxy).map(([proxy, rows]) => {
        const { aways, received, lost, duplicated, reordered } = rows[index];
        const away = [0.5, 0.99].map((share) => seconds(quantile(aways, share)));
        return [phase, proxy, aways.length, ...away, received, lost, duplicated, reordered].map(String);
      }),
    ),
  ];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const seconds = (milliseconds) => (milliseconds === undefined ? '' : `${(milliseconds / 1_000).toFixed(2)} s`);

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
