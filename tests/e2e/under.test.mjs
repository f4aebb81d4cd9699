// docs/under-other-libraries.md, block by block: each library over the class that the page gives it and over the browser's
// own, against its own server, with the connection whole, reset, and dead without a word.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { page } from '../docs/support/pages.mjs';
import { browsers } from '../support/browsers.mjs';
import { keepsConsole, logged } from '../support/console-page.mjs';
import { startFaultProxy } from '../support/fault-proxy.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { forgetDocuments, startServer } from './under/servers.mjs';

const { blocks } = page('docs/under-other-libraries.md');

/** By heading: the server, and what is on the console when the n-th connection is open. */
const libraries = {
  'graphql-ws': { server: 'graphql', greeting: (n) => `hello ${n}` },
  Yjs: { server: 'yjs', greeting: () => 'synced' },
  tRPC: { server: 'trpc', greeting: (n) => `hello ${n}` },
  RxJS: { server: 'news', greeting: (n) => `hello ${n}` },
  'MQTT.js': { server: 'mqtt', greeting: (n) => `hello ${n}` },
};
const SESSION = 'With a session';

const codeOf = (title) => {
  const [{ code }, ...more] = blocks.filter(({ heading }) => heading === title);
  assert.equal(more.length, 0, `one block below ${title}`);
  return code;
};

/** The browser's class, wherever the page gives a class of ours. */
const native = `export const Undrop = { with: () => globalThis.WebSocket };`;

/** A page with one block, which talks to `url`. `isNative`: over the browser's own class. */
async function scriptOf(title, url, { isNative = false, act = '' } = {}) {
  const { outputFiles } = await build({
    stdin: {
      contents: codeOf(title).replace(/wss:\/\/example\.org\/\w+/, url) + act,
      loader: 'js',
      resolveDir: inRoot(),
    },
    plugins: [
      {
        name: 'the class',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^undrop(\/session)?$/ }, ({ path }) =>
            isNative
              ? { path, namespace: 'native' }
              : { path: inRoot('dist', path === 'undrop' ? 'index.js' : 'session.js') },
          );
          onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: native }));
        },
      },
    ],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

const HTML = `<!doctype html><meta charset="utf-8"><title></title>${keepsConsole}<script type="module" src="script.js"></script>`;

const files = {};
const pageServer = await startPageServer({ pages: files, upgrades: 'ws://127.0.0.1' });
after(async () => {
  forgetDocuments();
  await pageServer.stop();
});

it('each block of the page is run', () => {
  assert.deepEqual(
    blocks.map(({ heading }) => heading),
    [...Object.keys(libraries), SESSION],
  );
});

/** Has a browser of its own load a page with one block. */
async function open(start, title, url, settings) {
  const path = encodeURI(`/${crypto.randomUUID()}`);
  files[`${path}/page.html`] = HTML;
  files[`${path}/script.js`] = await scriptOf(title, url, settings);
  const browser = await start();
  await browser.goto(`${pageServer.url}${path}/page.html`);
  return { browser, logged: (count) => logged(browser, count) };
}

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, { concurrency: 2 }, () => {
    for (const [title, { server: name, greeting }] of Object.entries(libraries)) {
      it(`${title} comes back from a reset and from a dead connection`, { timeout: 120_000 }, async (context) => {
        await using(async (use) => {
          const server = await use(startServer(name));
          const proxy = await use(startFaultProxy(server.url));
          const { browser, logged } = await open(start, title, `${proxy.url}/${name}`);
          await use({ stop: () => browser.quit() });
          assert.deepEqual(await logged(1), [1].map(greeting));
          for (const [cuts, cut] of ['reset', 'blackhole'].entries()) {
            const begin = performance.now();
            assert.ok((await proxy[cut]()) > 0, 'there is a connection to cut');
            const numbers = Array.from({ length: cuts + 2 }, (_, at) => at + 1);
            assert.deepEqual(await logged(numbers.length), numbers.map(greeting));
            context.diagnostic(`back ${((performance.now() - begin) / 1000).toFixed(1)} s after: ${cut}`);
          }
        });
      });

      it(`${title} does the same over the browser's own class, while the connection is whole`, {
        timeout: 60_000,
      }, async () => {
        await using(async (use) => {
          const server = await use(startServer(name));
          const { browser, logged } = await open(start, title, `${server.url}/${name}`, { isNative: true });
          await use({ stop: () => browser.quit() });
          assert.deepEqual(await logged(1), [1].map(greeting));
        });
      });
    }

    describe(SESSION, () => {
      let server;
      before(async () => {
        server = await startTestServer();
      });
      after(() => server?.stop());

      /** What is on the console when the connection was cut, and `sent` was sent meanwhile. */
      const cutWith = (query, sent, count) =>
        using(async (use) => {
          const proxy = await use(startFaultProxy(server.url));
          const act = 'globalThis.next = (message) => room.next(message);';
          const url = `${proxy.url}/session?spread=0&${query}`;
          const { browser, logged } = await open(start, SESSION, url, { act });
          await use({ stop: () => browser.quit() });
          assert.deepEqual(await logged(1), ['hello']);
          await proxy.reset();
          if (sent) await browser.run('(message) => next(message)', sent);
          return logged(count);
        });

      it('the library does not notice a drop, and what it sends meanwhile arrives', { timeout: 60_000 }, async () => {
        assert.deepEqual(await cutWith('', 'again', 2), ['hello', 'again']);
      });

      it('the library begins with a new session when the server has no more of the old one', {
        timeout: 60_000,
      }, async () => {
        // A session without a connection is over after a millisecond.
        assert.deepEqual(await cutWith('ttl=1', undefined, 2), ['hello', 'hello']);
      });
    });
  });
}

/** Runs a test with what it uses, and stops that in the end, the last first. */
async function using(run) {
  const used = [];
  const use = async (starting) => {
    const started = await starting;
    used.unshift(started);
    return started;
  };
  try {
    return await run(use);
  } finally {
    for (const { stop } of used) await stop();
  }
}
