// The native class may be a substitute: one of a mocking library, of a test runner, of another runtime. Its events are
// dispatched by a script, so they are not trusted, and have to count nevertheless. The substitute is there before the
// package is loaded, which keeps the native class that it finds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';

const SCRIPT = `
  import * as exchanges from './e2e/substitutes/exchange.js';
  Object.assign(globalThis, exchanges);`;

/** Nobody listens there: only a substitute can connect. */
const ADDRESS = 'ws://substitute.invalid/';

const EVENTS = ['open', 'message hello', 'drop close 1011', 'open', 'close 1000'];

const html = (before) => `<!doctype html><title>substitutes</title>${before}<script src="/script.js"></script>`;

const pages = await startPageServer({
  pages: {
    '/script.js': await bundle(SCRIPT),
    '/page.html': html(''),
    '/by-hand.html': html('<script src="/by-hand.js"></script>'),
    '/by-hand.js': readFileSync(new URL('substitutes/by-hand.js', import.meta.url), 'utf8'),
  },
  upgrades: ADDRESS,
});
after(() => pages.stop());

/** Tests the class that `prepare` leads to: it brings the browser to a page. */
function suite(start, prepare) {
  let browser;
  before(async () => {
    browser = await start();
    await prepare(browser);
  });
  after(() => browser?.quit());
  const run = (name, entry) => browser.run(`(...args) => ${name}(...args)`, entry, ADDRESS);

  for (const entry of ['index', 'messages', 'session', 'all']) {
    it(`${entry}: the page gets open, message, drop and close`, async () => {
      assert.deepEqual(await run('exchange', entry), {
        events: EVENTS,
        handled: EVENTS,
        otherTargets: [],
        counts: { opens: 2, messagesIn: 1, messagesOut: 2 },
        state: 'closed',
      });
    });

    it(`${entry}: messages that nobody listens for are counted`, async () => {
      assert.equal(await run('count', entry), 1);
    });
  }
  for (const entry of ['messages', 'all'])
    it(`${entry}: typed messages and replies arrive`, async () => {
      assert.deepEqual(await run('exchangeTyped', entry), { message: 'hello', reply: 'asked' });
    });
}

for (const [name, start] of Object.entries(browsers))
  describe(`${name}, a class written by hand`, { timeout: 60_000 }, () => {
    suite(start, (browser) => browser.goto(`${pages.url}/by-hand.html`));
  });

describe('Chromium, routeWebSocket of Playwright', { timeout: 60_000 }, () => {
  suite(browsers.Chromium, async (browser) => {
    await browser.page.routeWebSocket(ADDRESS, (socket) => {
      socket.onMessage((message) => {
        if (message === 'end') socket.close({ code: 1011 });
        else socket.send(message);
      });
    });
    await browser.goto(`${pages.url}/page.html`);
  });
});
