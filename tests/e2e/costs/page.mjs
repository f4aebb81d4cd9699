// Pages in which what a message costs is counted.

import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { startTestServer } from '../../../scripts/lib/test-server.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startPageServer } from '../../support/page-server.mjs';

/**
 * For the top of a `describe`: a page of that script in a browser, and the server that it talks to. `call(name, ...args)` calls a
 * function of the script in a new page.
 */
export function useCounting(script, startBrowser) {
  let server;
  let pages;
  let browser;

  before(async () => {
    server = await startTestServer();
    pages = await startPageServer({
      pages: {
        '/page.html':
          '<!doctype html><script src="instruments.js"></script><script>setTimeout(() => {}); new Event("seen");</script>' +
          '<script src="script.js"></script>',
        '/instruments.js': readFileSync(new URL('instruments.js', import.meta.url), 'utf8'),
        '/script.js': await bundle(`import * as costs from './e2e/costs/${script}'; Object.assign(globalThis, costs);`),
      },
      upgrades: server.url,
    });
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.quit();
    await pages?.stop();
    await server?.stop();
  });

  return {
    url: (path) => `${server.url}${path}`,
    async call(name, ...args) {
      await browser.goto(`${pages.url}/page.html`);
      return browser.run(`(...args) => ${name}(...args)`, ...args);
    },
  };
}
