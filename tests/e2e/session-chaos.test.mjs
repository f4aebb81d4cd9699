// Nothing lost: numbered messages both ways between pages and two nodes that share a Redis, while random faults injure the
// lines, each of which goes to either node, and while the nodes are killed, and now and then Redis. Both ends count what arrives.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startFaultProxy } from '../support/fault-proxy.mjs';
import { startNode } from '../support/nodes.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { chance } from '../support/random.mjs';

const NUMBERS = 20_000;
/** Every 10 ms. */
const PACE = 4;
/** Milliseconds between two faults, on the average, beside what they last. */
const EVERY = 15;
/** Milliseconds that a fault lasts at most. */
const LONGEST = 300;
/** About so many receipts between two kills that a page brings about. */
const TELLS = 800;
const SEED = 5;
/** What has to happen at least, for the test to mean anything: faults that hit a line, kills, moves of the session. */
const FAULTS = 300;
const KILLS = 10;
const MOVES = 50;

const names = Object.keys(browsers);
const script = `
  import { count } from './e2e/session/count.js';
  globalThis.count = count;`;

let redis;
let nodes;
let pages;
const deaths = { random: chance(SEED), nodes: 0, redis: 0, last: Promise.resolve() };

/** One node after the other dies, or the same again, or Redis, when a page says how far it is: never by the clock. */
function kill() {
  deaths.last = deaths.last.then(async () => {
    if (deaths.random(8) === 0) {
      deaths.redis++;
      await redis.kill();
      await redis.restart();
    } else {
      deaths.nodes++;
      await nodes[deaths.random(nodes.length)].restart();
    }
  });
  // Who waits for the last hears of it.
  deaths.last.catch(() => {});
}

before(async () => {
  redis = await startRedis();
  nodes = [await startNode(redis.url), await startNode(redis.url)];
  pages = await startPageServer({
    pages: { '/page.html': '<!doctype html><script src="script.js"></script>', '/script.js': await bundle(script) },
    upgrades: nodes[0].url,
    other(request, response) {
      if (request.url.startsWith('/receipts/')) kill();
      response.writeHead(204).end();
    },
  });
});
after(async () => {
  await pages?.stop();
  await Promise.all(nodes?.map((node) => node.stop()) ?? []);
  await redis?.stop();
});

const rows = [];

describe('chaos', { concurrency: names.length }, () => {
  for (const [index, [name, start]] of Object.entries(browsers).entries()) {
    describe(name, { timeout: 290_000 }, () => {
      let browser;
      let proxies;
      before(async () => {
        const seed = SEED + index * names.length;
        proxies = await Promise.all(nodes.map(({ url }, place) => startFaultProxy(url, { seed: seed + place })));
        browser = await start();
        await browser.goto(`${pages.url}/page.html`);
      });
      after(async () => {
        await browser?.quit();
        await Promise.all(proxies?.map((proxy) => proxy.stop()) ?? []);
      });

      it('everything arrives once and in order, both ways', async () => {
        const urls = proxies.map(({ url }) => `${url}/count?down=${NUMBERS}&pause=100`);
        const chaos = proxies.map((proxy) => proxy.order(`chaos 3600 ${EVERY} ${LONGEST}`));
        const before = { ...deaths };
        const how = { numbers: NUMBERS, pace: PACE, tells: TELLS, seed: SEED + index };
        const story = await browser.run('(urls, how) => count(urls, how)', urls, how);
        await Promise.all(proxies.map((proxy) => proxy.order('calm')));
        const faults = sum((await Promise.all(chaos)).map((one) => one.faults));
        await deaths.last;
        const kills = deaths.nodes - before.nodes;
        rows.push({ name, faults, kills, redis: deaths.redis - before.redis, ...story });

        const { opens, returned, unacknowledged, arrived, page, server } = story;
        assert.deepEqual({ opens, returned, unacknowledged }, { opens: 1, returned: 0, unacknowledged: 0 });
        const none = { lost: 0, duplicated: 0, reordered: 0 };
        assert.deepEqual(server, { received: NUMBERS, ...none });
        assert.equal(arrived, NUMBERS);
        assert.ok(page.received >= NUMBERS);
        assert.deepEqual(page, { received: page.received, ...none });
        assert.ok(injuries(faults) >= FAULTS, `only ${injuries(faults)} faults hit a line`);
        assert.ok(kills >= KILLS, `only ${kills} nodes were killed`);
        assert.ok(story.moves >= MOVES, `only ${story.moves} moves from node to node`);
      });
    });
  }
  after(print);
});

/** How many lines each kind of fault has hit. */
function sum(reports) {
  const lines = {};
  for (const report of reports)
    for (const [kind, fault] of Object.entries(report)) lines[kind] = (lines[kind] ?? 0) + fault.connections;
  return lines;
}

/** Those that cut a line or let nothing through. */
const injuries = ({ latency, ...faults }) => Object.values(faults).reduce((all, lines) => all + lines, 0);

function print() {
  const kinds = [...new Set(rows.flatMap(({ faults }) => Object.keys(faults)))].sort();
  const events = ['kills', 'redis', 'drops', 'resumes', 'moves'];
  const ends = ['received', 'lost', 'duplicated', 'reordered'];
  const table = [['browser', ...kinds, ...events, 'end', ...ends]];
  for (const row of rows) {
    const about = [...kinds.map((kind) => row.faults[kind] ?? 0), ...events.map((event) => row[event])];
    for (const end of ['page', 'server']) table.push([row.name, ...about, end, ...ends.map((what) => row[end][what])]);
  }
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => String(line[column]).length)));
  console.log();
  for (const line of table) console.log(line.map((cell, column) => String(cell).padStart(widths[column])).join('  '));
}
