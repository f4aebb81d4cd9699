// Runs the table of tests/conformance against a class in a browser, in each kind of global scope.

import { bundle } from './bundle.mjs';
import { closedPort, startPageServer } from './page-server.mjs';

export const scopes = ['window', 'dedicated worker', 'shared worker', 'service worker'];

const script = (name) => `
  import { serve } from './conformance/run.js';
  import WebSocketClass from './conformance/classes/${name}.js';
  serve(WebSocketClass);`;

/** Serves one page for each of the classes, named after the files in tests/conformance/classes. */
export async function startConformance(server, classes) {
  const pages = {};
  for (const name of classes) {
    pages[`/${name}/script.js`] = await bundle(script(name));
    pages[`/${name}/page.html`] = `<!doctype html><title>${name}</title><body><script src="script.js"></script>`;
  }
  const pageServer = await startPageServer({ pages, upgrades: server.url });
  const env = { server: server.url, closedPort: await closedPort() };
  return {
    url: pageServer.url,
    stop: pageServer.stop,
    /** The results of all cases by their names: `{ observed, expected? }`. */
    async run(browser, name, scope, { only, timeout = 5_000 } = {}) {
      await browser.goto(`${pageServer.url}/${name}/page.html`);
      const run = '(scope, env) => runConformance(scope, env)';
      const results = JSON.parse(await browser.run(run, scope, { ...env, folder: `/${name}/`, only, timeout }));
      if (typeof results === 'string') throw new Error(`${name} did not start in a ${scope}: ${results}`);
      return results;
    },
  };
}
