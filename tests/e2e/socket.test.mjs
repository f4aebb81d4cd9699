// What a page may do to a socket, and what may be around it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { badArguments } from './socket/arguments.js';
import { attempts } from './socket/attempts.js';
import { authentication } from './socket/authentication.js';
import { configured } from './socket/configured.js';
import { providers } from './socket/providers.js';
import { sending } from './socket/sending.js';
import { surroundings } from './socket/surroundings.js';
import { syntheticEvents } from './socket/synthetic-events.js';

const SCRIPT = `
  import { badArguments } from './e2e/socket/arguments.js';
  import { attempts } from './e2e/socket/attempts.js';
  import { authentication } from './e2e/socket/authentication.js';
  import { configured } from './e2e/socket/configured.js';
  import { providers } from './e2e/socket/providers.js';
  import { sending } from './e2e/socket/sending.js';
  import { surroundings } from './e2e/socket/surroundings.js';
  import { syntheticEvents } from './e2e/socket/synthetic-events.js';
  globalThis.scenes = { ...syntheticEvents, ...badArguments, ...attempts, ...authentication, ...configured, ...providers, ...sending, ...surroundings };`;

/** In the page a scene is played as `play(url)`; what it returns is compared. */
const scenes = {
  ...syntheticEvents,
  ...badArguments,
  ...attempts,
  ...authentication,
  ...configured,
  ...providers,
  ...sending,
  ...surroundings,
};

const server = await startTestServer();
const pages = await startPageServer({
  pages: { '/page.html': '<!doctype html><script src="script.js"></script>', '/script.js': await bundle(SCRIPT) },
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

    for (const [name, { expected }] of Object.entries(scenes))
      it(name, { timeout: 20_000 }, async () => {
        assert.deepEqual(await browser.run('(name, url) => scenes[name].play(url)', name, server.url), expected);
      });
  });
}
