// Runs the table of tests/conformance against a class in a browser, in each kind of global scope.

import { readFileSync } from 'node:fs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { bundle } from './bundle.mjs';
import { startPageServer } from './page-server.mjs';

export const scopes = ['window', 'dedicated worker', 'shared worker', 'service worker'];

/** The entries of the package, each with a class of its own. */
export const entries = ['index', 'slim', 'messages', 'session', 'all'];

/** What is to be told from the browser's own class by nothing but the known differences. */
export const conforming = [...entries, 'with'];

/** `undrop/slim` awaits its WebAssembly, and finds it by its own URL: only a module can do that. */
const isModule = (name) => name === 'slim';

const script = (name) => `
  import { serve } from './conformance/run.js';
  import WebSocketClass from './conformance/classes/${name}.js';
  serve(WebSocketClass);`;

/** Serves one page for each of the classes, named after the files in tests/conformance/classes. */
export async function startConformance(server, classes) {
  const pages = { '/slim/undrop.wasm': readFileSync(inRoot('dist/undrop.wasm')) };
  for (const name of classes) {
    const [format, type] = isModule(name) ? ['esm', ' type="module"'] : ['iife', ''];
    pages[`/${name}/script.js`] = await bundle(script(name), format);
    pages[`/${name}/page.html`] = `<!doctype html><title>${name}</title><body><script${type} src="script.js"></script>`;
  }
  const pageServer = await startPageServer({ pages, upgrades: server.url });
  const env = { server: server.url, closedPort: await lastingPort() };
  return {
    url: pageServer.url,
    stop: pageServer.stop,
    /** The results of all cases by their names: `{ observed, expected? }`. */
    async run(browser, name, scope, { only, timeout = 5_000 } = {}) {
      await browser.goto(`${pageServer.url}/${name}/page.html`);
      // A module may be ready later than its page.
      const run = `async (scope, env) => {
        if (!globalThis.runConformance) await new Promise((resolve) => addEventListener('conformance', resolve));
        return runConformance(scope, env);
      }`;
      const results = JSON.parse(await browser.run(run, scope, { ...env, folder: `/${name}/`, only, timeout }));
      if (typeof results === 'string') throw new Error(`${name} did not start in a ${scope}: ${results}`);
      return results;
    },
  };
}
