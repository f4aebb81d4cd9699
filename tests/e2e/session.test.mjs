// Sessions in real pages, through the fault proxy.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startFaultProxy } from '../support/fault-proxy.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { scenes } from './session/scenes.js';
import { typedScenes } from './session/typed-scenes.js';

const script = `
  import { connectToPlainServer, scenes } from './e2e/session/scenes.js';
  import { typedScenes } from './e2e/session/typed-scenes.js';
  Object.assign(globalThis, { connectToPlainServer, scenes: { ...scenes, ...typedScenes } });`;

const server = await startTestServer();
after(() => server.stop());

for (const [name, start] of Object.entries(browsers)) {
  describe(name, { timeout: 120_000 }, () => {
    let proxy;
    let pages;
    let browser;
    before(async () => {
      proxy = await startFaultProxy(server.url);
      pages = await startPageServer({
        pages: { '/page.html': '<!doctype html><script src="script.js"></script>', '/script.js': await bundle(script) },
        upgrades: server.url,
        async other(request, response) {
          const { pathname, search } = new URL(request.url, 'http://page');
          const answer =
            pathname === '/order'
              ? JSON.stringify(await proxy.order(decodeURIComponent(search.slice(1))))
              : await (await fetch(new URL(request.url, server.url.replace('ws', 'http')))).text();
          response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
        },
      });
      browser = await start();
      await browser.goto(`${pages.url}/page.html`);
    });
    after(async () => {
      await browser?.quit();
      await pages?.stop();
      await proxy?.stop();
    });

    for (const [number, [what, { expected }]] of Object.entries({ ...scenes, ...typedScenes }).entries()) {
      it(what, { timeout: 20_000 }, async () => {
        const play = '(what, url, id) => scenes[what].play(url, id)';
        assert.deepEqual(await browser.run(play, what, proxy.url, `${name}-${number}`), expected);
      });
    }

    // Chromium fails such a handshake itself, as the standard demands, so the socket reconnects as after any that fails.
    if (name === 'Firefox')
      it('a server that does not speak the protocol is left, and the page gets the reason', async () => {
        const why = 'the server does not speak undrop.1';
        const story = await browser.run('(url) => connectToPlainServer(url)', proxy.url);
        assert.deepEqual(story, [`error ${why}`, `close 1002 ${why}`]);
      });
  });
}
