// Typed messages in real pages: every kind of bad input, and what only a real connection shows.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { badInput } from './messages/bad-input.js';
import { scenes } from './messages/scenes.js';

const script = `
  import { closeWithin, receive } from './e2e/messages/bad-input.js';
  import { watchErrors } from './e2e/messages/page.js';
  import { scenes } from './e2e/messages/scenes.js';
  import { Undrop } from '../dist/messages.js';

  watchErrors();
  Object.assign(globalThis, { closeWithin, receive, scenes, Undrop });`;

/** What is expected where the table says nothing else. */
const harmless = {
  invalid: [],
  received: 0,
  unhandled: 0,
  reported: [],
  last: 'still here',
  state: 'open',
  drops: 0,
  prototypes: true,
};

const server = await startTestServer();
const pages = await startPageServer({
  pages: {
    '/page.html': '<!doctype html><script src="script.js"></script>',
    '/script.js': await bundle(script),
  },
  upgrades: server.url,
  async other(request, response) {
    const answer = await fetch(new URL(request.url, server.url.replace('ws', 'http')));
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  },
});
after(async () => {
  await pages.stop();
  await server.stop();
});

for (const [name, start] of Object.entries(browsers)) {
  describe(name, { timeout: 120_000 }, () => {
    let browser;
    before(async () => {
      browser = await start();
      await browser.goto(`${pages.url}/page.html`);
    });
    after(() => browser?.quit());

    for (const [name, { send, act, settle, ...expected }] of Object.entries(badInput)) {
      it(`${name}: harms nothing, and the next message arrives`, async () => {
        const seen = await browser.run('(...args) => receive(...args)', `${server.url}/echo`, name);
        const counted = expected.invalid?.length ?? 0;
        assert.deepEqual(seen, { ...harmless, counted, ...expected });
      });
    }

    it('a handler that closes the socket: the other handlers get that message, and none gets a later one', async () => {
      const seen = await browser.run('(...args) => closeWithin(...args)', `${server.url}/echo`);
      assert.deepEqual(seen, { received: [1], code: 1000, reported: [] });
    });

    for (const [name, { expected }] of Object.entries(scenes)) {
      it(name, async () => {
        const seen = await browser.run('(name, url) => scenes[name].play(url)', name, server.url);
        assert.deepEqual(seen, expected);
      });
    }
  });
}

describe('Chromium', () => {
  it('a socket without listeners is collected, and its connection closed', async () => {
    const browser = await browsers.Chromium();
    try {
      const devtools = await browser.page.context().newCDPSession(browser.page);
      await browser.goto(`${pages.url}/page.html`);
      const id = 'forgotten';
      await browser.run(
        `async (url) => {
          const socket = new Undrop(url);
          const undo = socket.on('chat', () => {});
          await socket.request('history', 1);
          undo();
        }`,
        `${server.url}/echo?id=${id}`,
      );
      const stats = () => fetch(`${pages.url}/stats?id=${id}`).then((answer) => answer.json());
      assert.equal((await stats()).open, 1);
      const deadline = AbortSignal.timeout(60_000);
      do {
        deadline.throwIfAborted();
        await devtools.send('HeapProfiler.collectGarbage');
      } while ((await stats()).open > 0);
    } finally {
      await browser.quit();
    }
  });
});
