// Nothing lost: numbered messages both ways, while random faults injure the line. Both ends count what arrives.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startFaultProxy } from '../support/fault-proxy.mjs';
import { startPageServer } from '../support/page-server.mjs';

const NUMBERS = 20_000;
const PACE = 10;
/** Milliseconds between two faults, on the average, beside what they last. */
const EVERY = 20;
/** How many lines have to be lost at least, for the test to mean anything. */
const DROPS = 50;
const SEED = 5;

const script = `
  import { count } from './e2e/session/count.js';
  globalThis.count = count;`;

const server = await startTestServer();
const pages = await startPageServer({
  pages: { '/page.html': '<!doctype html><script src="script.js"></script>', '/script.js': await bundle(script) },
  upgrades: server.url,
});
after(async () => {
  await pages.stop();
  await server.stop();
});

const rows = [];

describe('chaos', { concurrency: Object.keys(browsers).length }, () => {
  for (const [name, start] of Object.entries(browsers)) {
    describe(name, { timeout: 240_000 }, () => {
      let browser;
      let proxy;
      before(async () => {
        proxy = await startFaultProxy(server.url, { seed: SEED });
        browser = await start();
        await browser.goto(`${pages.url}/page.html`);
      });
      after(async () => {
        await browser?.quit();
        await proxy?.stop();
      });

      it('everything arrives once and in order, both ways', async () => {
        const url = `${proxy.url}/session?id=${name}&echo=0&spread=50&count=${NUMBERS}`;
        const chaos = proxy.order(`chaos 3600 ${EVERY}`);
        const page = await browser.run('(url, how) => count(url, how)', url, { numbers: NUMBERS, pace: PACE });
        await proxy.order('calm');
        const { faults } = await chaos;
        const answer = await fetch(`${server.url.replace('ws', 'http')}/tally?id=${name}`);
        const host = await answer.json();
        const times = Object.values(faults).reduce((sum, fault) => sum + fault.times, 0);
        rows.push({ name, times, ...page, host });

        const { received, lost, duplicated, reordered, returned, opens, unacknowledged } = page;
        assert.deepEqual(
          { received, lost, duplicated, reordered, returned, opens, unacknowledged },
          { received: NUMBERS, lost: 0, duplicated: 0, reordered: 0, returned: 0, opens: 1, unacknowledged: 0 },
        );
        assert.deepEqual(
          { received: host.received, lost: host.lost, duplicated: host.duplicated, returned: host.returned },
          { received: NUMBERS, lost: 0, duplicated: 0, returned: 0 },
        );
        assert.equal(host.sessions, 1);
        assert.ok(page.drops >= DROPS, `only ${page.drops} lines were lost`);
      });
    });
  }
  after(print);
});

function print() {
  console.log(`\nbrowser    faults  drops  resumes  end     received    lost  duplicated`);
  for (const { name, times, drops, resumes, received, lost, duplicated, host } of rows) {
    const line = (end, ...figures) => console.log(`${end}${figures.map((one) => String(one).padStart(9)).join(' ')}`);
    const head = `${name.padEnd(9)}${[times, drops, resumes].map((one) => String(one).padStart(7)).join(' ')}  `;
    line(`${head}page  `, received, lost, duplicated);
    line(`${' '.repeat(head.length)}server`, host.received, host.lost, host.duplicated);
  }
}
