// Two nodes with one Redis behind a proxy, clients and pages that talk through it, and what an operator and the world do meanwhile.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { startRedis } from '../../../scripts/lib/redis.mjs';
import { browsers } from '../../support/browsers.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startNode } from '../../support/nodes.mjs';
import { sum } from './counts.js';
import { startProxyOfPage } from './proxies.mjs';

/** How many there are in Node; there is one in each browser as well. */
export const CLIENTS = 50;

/** What happens in each phase. `all(command)` has all clients do it. */
const phases = {
  'nothing happens': async () => {},
  'the proxy is reloaded, and ends what is old': async ({ proxy, all }) => {
    await proxy.reload();
    await all('back');
  },
  'the nodes are restarted in turn, by SIGTERM': async ({ nodes, all }) => {
    for (const node of nodes) {
      await node.end('SIGTERM');
      await node.start();
      await all('settle');
    }
  },
  'a node is killed, by SIGKILL, and comes back': async ({ nodes: [node], all }) => {
    await node.end('SIGKILL');
    await all('settle');
    await node.start();
  },
};

/**
 * The phases behind one proxy, each so many times: `{ phase, aways, received, lost, duplicated, reordered }` of each, then of all
 * together, and of each browser's page alone.
 */
export async function operate(name, rounds = 1) {
  const stops = [];
  const held = (one) => {
    stops.push(one.stop);
    return one;
  };
  try {
    const redis = held(await startRedis());
    const nodes = [await startNode(redis.url), await startNode(redis.url)];
    stops.push(...nodes.map((node) => () => node.end('SIGKILL')));
    const hosts = nodes.map(({ url }) => new URL(url).host);
    const proxy = held(await startProxyOfPage(name, hosts));
    const crowds = { Node: held(startCrowd(proxy)) };
    for (const browser of Object.keys(browsers)) crowds[browser] = held(await openPage(browser, proxy));
    const all = (command) => Promise.all(Object.values(crowds).map((crowd) => crowd.ask(command)));
    await all('settle');
    const reports = [];
    for (const [phase, happens] of Object.entries(phases))
      for (let round = 0; round < rounds; round++) {
        await all('begin');
        await happens({ nodes, proxy, all });
        await all('settle');
        for (const [who, crowd] of Object.entries(crowds)) reports.push({ phase, who, ...(await crowd.ask('report')) });
      }
    const ends = Object.entries(crowds).map(async ([who, crowd]) => ({ who, ...(await crowd.ask('end')) }));
    const ended = await Promise.all(ends);
    const away = (is) => reports.filter(is).flatMap(({ aways }) => aways);
    return [
      ...Object.keys(phases).map((phase) => {
        const is = (report) => report.phase === phase;
        return { phase, aways: away(is), ...sum(reports.filter(is)) };
      }),
      { phase: 'all', aways: away(() => true), ...sum(ended) },
      ...Object.keys(browsers).map((browser) => {
        const is = ({ who }) => who === browser;
        return { phase: `all, of the page in ${browser}`, aways: away(is), ...sum(ended.filter(is)) };
      }),
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The clients in Node. */
function startCrowd({ url, authority }) {
  const program = inRoot('tests/production/support/crowd.mjs');
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority };
  const child = fork(program, [`${url}/count`, String(CLIENTS)], { env });
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

const script = `
  import { Undrop } from '../dist/session.js';
  import { gather } from './production/support/clients.js';
  globalThis.gather = (url) => { globalThis.ask = gather(Undrop, url, 1); };`;

/** A client in a page that came by the same proxy. */
async function openPage(name, { url }) {
  const browser = await browsers[name]({ ignoreHTTPSErrors: true });
  await browser.goto(url.replace('wss:', 'https:'));
  const run = '(text) => { document.head.append(Object.assign(document.createElement("script"), { text })); }';
  await browser.run(run, await bundle(script));
  await browser.run('(url) => gather(url)', `${url}/count`);
  return { ask: (command) => browser.run('(command) => ask(command)', command), stop: () => browser.quit() };
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
