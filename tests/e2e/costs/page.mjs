// Pages in which what a message costs is counted.

import { readFileSync } from 'node:fs';
import { startTestServer } from '../../../scripts/lib/test-server.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startPageServer } from '../../support/page-server.mjs';

/** The page of that script, and the server that it talks to. */
export async function startCounting(script) {
  const server = await startTestServer();
  const pages = await startPageServer({
    pages: {
      '/page.html':
        '<!doctype html><script src="instruments.js"></script><script>setTimeout(() => {}); new Event("seen");</script>' +
        '<script src="script.js"></script>',
      '/instruments.js': readFileSync(new URL('instruments.js', import.meta.url), 'utf8'),
      '/script.js': await bundle(`import * as costs from './e2e/costs/${script}'; Object.assign(globalThis, costs);`),
    },
    upgrades: server.url,
  });
  return {
    page: `${pages.url}/page.html`,
    server: server.url,
    async stop() {
      await pages.stop();
      await server.stop();
    },
  };
}
