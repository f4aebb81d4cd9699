// The native class may be a substitute: one of a mocking library, of a test runner, of another runtime. Its events are
// dispatched by a script, so they are not trusted, and have to count nevertheless. The substitute is there before the
// package is loaded, which keeps the native class that it finds.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocketServer } from 'ws';
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
    '/msw.html': html('<script src="/msw.js"></script>'),
    '/msw.js': await bundle(`import { replace } from './e2e/substitutes/msw.js'; replace();`),
  },
  upgrades: ADDRESS,
});
after(() => pages.stop());

/**
 * Tests the class that `prepare` leads to: it brings the browser to a page. `otherTargets` are the events of which the page sees
 * that they are the native socket's.
 */
function inBrowser(start, prepare, otherTargets = []) {
  let browser;
  before(async () => {
    browser = await start();
    await prepare(browser);
  });
  after(() => browser?.quit());
  suite((name, entry) => browser.run(`(...args) => ${name}(...args)`, entry, ADDRESS), otherTargets);
}

/** `run` calls a function of `exchange.js` for an entry. */
function suite(run, otherTargets = []) {
  for (const entry of ['index', 'messages', 'session', 'all']) {
    it(`${entry}: the page gets open, message, drop and close`, async () => {
      assert.deepEqual(await run('exchange', entry), {
        events: EVENTS,
        handled: EVENTS,
        otherTargets,
        counts: { opens: 2, messagesIn: 1, messagesOut: 2 },
        state: 'closed',
      });
    });

    it(`${entry}: what a listener of open sends goes before the queue`, async () => {
      assert.deepEqual(await run('sendEarly', entry), ['open', 'sent', 'queued']);
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

const substitutes = {
  'a class written by hand': ['by-hand.html'],
  // It gives each event a property `target`, which hides ours.
  'the interceptor of MSW': ['msw.html', ['open', 'message', 'open', 'close']],
};

for (const [name, start] of Object.entries(browsers))
  for (const [substitute, [page, otherTargets]] of Object.entries(substitutes))
    describe(`${name}, ${substitute}`, { timeout: 60_000 }, () => {
      inBrowser(start, (browser) => browser.goto(`${pages.url}/${page}`), otherTargets);
    });

describe('Chromium, routeWebSocket of Playwright', { timeout: 60_000 }, () => {
  inBrowser(browsers.Chromium, async (browser) => {
    await browser.page.routeWebSocket(ADDRESS, (socket) => {
      socket.onMessage((message) => {
        if (message === 'end') socket.close({ code: 1011 });
        else socket.send(message);
      });
    });
    await browser.goto(`${pages.url}/page.html`);
  });
});

describe('Node, its own class', () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      if (String(data) === 'end') socket.close(1011);
      else socket.send(data, { binary: isBinary });
    });
  });
  after(() => server.close());
  const script = fileURLToPath(new URL('substitutes/node.mjs', import.meta.url));

  suite(async (name, entry) => {
    // Node 20 has the class behind this flag, later ones have it anyway.
    const args = ['--experimental-websocket', script, name, entry, `ws://127.0.0.1:${server.address().port}`];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout);
  });
});
