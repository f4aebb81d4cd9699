// Nothing is lost: numbered messages both ways between pages and two nodes that share a Redis. Random faults hit the
// connections, each of which goes to either node; the nodes are killed, and sometimes Redis. Both ends count what arrives.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startRedis } from '../../../scripts/lib/redis.mjs';
import { browsers } from '../../support/browsers.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startFaultProxy } from '../../support/fault-proxy.mjs';
import { startNode } from '../../support/nodes.mjs';
import { startPageServer } from '../../support/page-server.mjs';
import { chance } from '../../support/random.mjs';

/** Every 10 ms. */
const PACE = 4;
/** Milliseconds between two faults, on average, without the time that they last. */
const EVERY = 15;
/** Milliseconds that a fault lasts at most. */
const LONGEST = 300;
/** How many receipts a page gets, on average, between two reports of it. Each report kills something. */
const REPORTS = 800;
const SEED = 5;

const names = Object.keys(browsers);
const script = `
  import { count } from './e2e/session/count.js';
  globalThis.count = count;`;

/**
 * Declares the test for two nodes of these kinds (tests/support/nodes.mjs), with so many numbers each way in each browser.
 * `least` is what has to happen for it to mean anything: faults that hit a connection, kills, moves of the session.
 */
export function chaos(kinds, numbers, least) {
  describe(`chaos: ${kinds.join(' and ')}`, { concurrency: names.length }, () => {
    let redis;
    let nodes;
    let pages;
    const killed = { random: chance(SEED), nodes: 0, redis: 0, last: Promise.resolve() };

    /** Kills a node, or Redis, at random: when a page reports its progress, never by the clock. */
    function kill() {
      killed.last = killed.last.then(async () => {
        if (killed.random(8) === 0) {
          killed.redis++;
          await redis.kill();
          await redis.restart();
        } else {
          killed.nodes++;
          const node = nodes[killed.random(nodes.length)];
          await node.end('SIGKILL');
          await node.start();
        }
      });
      // Whoever awaits the last promise gets the error.
      killed.last.catch(() => {});
    }

    before(async () => {
      redis = await startRedis();
      // Their clients reconnect as fast as they themselves want to.
      const options = ['--spread', '1'];
      nodes = await Promise.all(kinds.map((kind) => startNode(redis.url, { kind, options })));
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
      await Promise.all(nodes?.map((node) => node.end('SIGKILL')) ?? []);
      await redis?.stop();
    });

    const rows = [];

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
          const urls = proxies.map(({ url }) => `${url}/count?down=${numbers}&pause=100`);
          const chaos = proxies.map((proxy) => proxy.order(`chaos 3600 ${EVERY} ${LONGEST}`));
          const before = { ...killed };
          const how = { numbers, pace: PACE, reports: REPORTS, seed: SEED + index };
          const story = await browser.run('(urls, how) => count(urls, how)', urls, how);
          await Promise.all(proxies.map((proxy) => proxy.order('calm')));
          const faults = sum((await Promise.all(chaos)).map((one) => one.faults));
          await killed.last;
          const kills = killed.nodes - before.nodes;
          rows.push({ name, faults, kills, redis: killed.redis - before.redis, ...story });

          const { opens, returned, unacknowledged, arrived, page, server } = story;
          assert.deepEqual({ opens, returned, unacknowledged }, { opens: 1, returned: 0, unacknowledged: 0 });
          const none = { lost: 0, duplicated: 0, reordered: 0 };
          assert.deepEqual(server, { received: numbers, ...none });
          assert.equal(arrived, numbers);
          assert.ok(page.received >= numbers);
          assert.deepEqual(page, { received: page.received, ...none });
          assert.ok(hits(faults) >= least.faults, `only ${hits(faults)} faults hit a connection`);
          assert.ok(kills >= least.kills, `only ${kills} nodes were killed`);
          assert.ok(story.moves >= least.moves, `only ${story.moves} moves from node to node`);
        });
      });
    }
    after(() => print(rows));
  });
}

/** How many connections each kind of fault has hit. */
function sum(reports) {
  const hits = {};
  for (const report of reports)
    for (const [kind, fault] of Object.entries(report)) hits[kind] = (hits[kind] ?? 0) + fault.connections;
  return hits;
}

/** The hits of faults that cut a connection or let nothing through. */
const hits = ({ latency, ...faults }) => Object.values(faults).reduce((all, count) => all + count, 0);

function print(rows) {
  const kinds = [...new Set(rows.flatMap(({ faults }) => Object.keys(faults)))].sort();
  const events = ['kills', 'redis', 'drops', 'resumes', 'moves'];
  const ends = ['received', 'lost', 'duplicated', 'reordered'];
  const table = [['browser', ...kinds, ...events, 'end', ...ends]];
  for (const row of rows) {
    const about = [...kinds.map((kind) => row.faults[kind] ?? 0), ...events.map((event) => row[event])];
    for (const end of ['page', 'server']) table.push([row.name, ...about, end, ...ends.map((what) => row[end][what])]);
  }
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => String(row[column]).length)));
  console.log();
  for (const row of table) console.log(row.map((cell, column) => String(cell).padStart(widths[column])).join('  '));
}
