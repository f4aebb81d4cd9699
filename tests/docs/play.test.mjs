// The guide, tried as its reader would: each block of these pages is run in a real page, bundled with the package as it
// would be, and the server it talks to sends back what it gets.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { keepsConsole, logged } from '../support/console-page.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { page, side } from './support/pages.mjs';

const dist = (name) => inRoot('dist', name);
const loaders = { js: 'js', ts: 'ts', diff: 'js' };
/** Two programs, which chat-walk.test.mjs runs. */
const chat = 'A chat that loses nothing';
const isCode = ({ language, heading }) => (language in loaders || language === 'html') && heading !== chat;

/** What the reader does on the console when something has happened. */
const when = (type, action, only = true) =>
  `;socket.addEventListener('${type}', function act({ data }) { if (${only}) { socket.removeEventListener('${type}', act); ${action} } });`;

/** By heading: what is then on the console, after what else the reader does. */
const guide = {
  'docs/getting-started.md': {
    'A first connection': { logs: ['hello'] },
    'Say hello on each open': {
      act: when('message', 'socket.reconnect()', 'data.startsWith("one thing")'),
      logs: ['subscribe news', 'one thing that I have to say', 'subscribe news'],
    },
    'Show the state of the connection': {
      act: when('open', `socket.reconnect(); ${when('open', 'socket.close()')}`),
      logs: ['it is open', 'dropped (reconnect), attempt 1 follows', 'it is open', 'it is closed'],
    },
    'Show when the next attempt begins': {
      path: '/close?code=1001&after=0',
      act: ";socket.addEventListener('drop', () => { console.log(status.textContent); button.click(); console.log(status.textContent); }, { once: true });",
      logs: [/^Attempt 2 of 5, again in \d+ s$/, 'connecting'],
    },
    'A fresh token for each attempt': { act: when('open', 'socket.reconnect()'), logs: ['in', 'in'] },
    'Leave when the token is no longer good': { logs: [/the user has to log in again/, '/login'] },
    'Find out that a connection is dead': { logs: ['in'] },
    'Under a library': { logs: ['in'] },
    Leave: { logs: ['closed: 1005, true'] },
    'Messages with a type': { logs: ['Ada: hello', '50'] },
  },
  'docs/migrating.md': {
    'From WebSocket': { logs: ['hello'] },
    'From reconnecting-websocket': { logs: ['hello'] },
    'From partysocket': { logs: ['in'] },
    'From socket.io': { logs: ['Ada: hello', '3'] },
  },
  'docs/in-workers.md': {
    'A worker of one page': { files: ['page.js', 'socket-worker.js'], logs: ['hello'] },
    'One connection for all tabs': { files: ['page.js', 'shared-socket.js'], logs: ['hello'] },
  },
};

let server;
const files = {};
let pages;

before(async () => {
  server = await startTestServer();
  pages = await startPageServer({
    pages: files,
    upgrades: server.url,
    async other(request, response) {
      if (request.url === '/my-token') return response.writeHead(401).end();
      if (request.url !== '/token') return response.writeHead(404).end();
      response.end('a token');
    },
  });
});
after(async () => {
  await pages?.stop();
  await server?.stop();
});

for (const [browserName, start] of Object.entries(browsers)) {
  describe(browserName, () => {
    let browser;
    before(async () => {
      browser = await start();
    });
    after(() => browser?.quit());

    for (const [name, scenes] of Object.entries(guide)) {
      it(`${name}: each block of code is run`, () => {
        const headings = page(name)
          .blocks.filter(isCode)
          .map(({ heading }) => heading);
        assert.deepEqual([...new Set(headings)], Object.keys(scenes));
      });

      for (const [heading, scene] of Object.entries(scenes)) {
        const blocks = page(name).blocks.filter((block) => isCode(block) && block.heading === heading);
        for (const variant of variants(blocks, scene))
          it(`${name}: ${heading}${variant.isMarkup ? ', without a bundler' : ''}`, { timeout: 15_000 }, async () => {
            const folder = `/${browserName}/${name}/${heading}/${variant.isMarkup ? 'markup' : 'bundled'}`;
            const path = encodeURI(folder);
            await publish(path, variant, scene);
            await browser.goto(`${pages.url}${path}/page.html`);
            const logs = await logged(browser, scene.logs.length);
            // A delay is drawn, and browsers differ in how they put the message of an uncaught error.
            const fits = (expected, at) =>
              expected instanceof RegExp && expected.test(logs[at]) ? logs[at] : expected;
            assert.deepEqual(logs, scene.logs.map(fits));
          });
      }
    }
  });
}

/** The blocks below a heading are the files of one page; markup says the same in another way. */
function* variants(blocks, { files: names = ['page.js'] }) {
  const code = blocks.filter(({ language }) => language !== 'html');
  assert.equal(code.length, names.length, `blocks below ${blocks[0]?.heading}`);
  yield { files: code.map((block, at) => ({ name: names[at], block })) };
  for (const block of blocks.filter(({ language }) => language === 'html'))
    yield { isMarkup: true, markup: block.code };
}

/** The page of a scene: what it says on the console is kept, and errors are said there. */
async function publish(path, { markup, files: parts = [] }, { act = '', path: where = '/echo' }) {
  const head = `<!doctype html><meta charset="utf-8"><title></title>${keepsConsole}`;
  files[`${path}/page.html`] = head + (markup ? local(markup, where) : '<script type="module" src="page.js"></script>');
  for (const { name, block } of parts) {
    files[`${path}/${name}`] = await bundled(local(codeOf(block), where) + act, loaders[block.language]);
  }
  files['/node_modules/undrop/dist/index.js'] ??= await bundled(`export * from 'undrop';`, 'js');
}

const codeOf = ({ language, code }) => (language === 'diff' ? side(code, '+') : code);

/** The server of the page is that of these tests, and where it would go the page says where to. */
const local = (code, where) =>
  code
    .replaceAll(/wss:\/\/example\.org\/room/g, `${server.url}${where}`)
    .replaceAll('location.assign(', 'console.log(')
    .replaceAll(/wss:\/\/\$\{host\}\/[^?]*\?/g, `${server.url}/echo?`);

async function bundled(contents, loader) {
  const { outputFiles } = await build({
    stdin: { contents, loader, resolveDir: inRoot() },
    alias: { undrop: dist('index.js'), 'undrop/messages': dist('messages.js') },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
