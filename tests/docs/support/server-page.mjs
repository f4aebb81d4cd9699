// The page's block of the pages on servers, in Chromium, at the origin that the server's block lets in.

import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../../scripts/lib/browsers.mjs';
import { startPageServer } from '../../support/page-server.mjs';

/** Starts Chromium. `visit(code, options)` runs the code of a block in a page, `stop()` ends all. */
export async function startPages() {
  const pages = await startPageServer({ pages: { '/': '<!doctype html>' } });
  // Whoever has the port of that origin. Chromium lets no page that it knows to be from elsewhere connect to this machine, so this
  // one is not made up by the test.
  const rules = `MAP localhost:5173 ${new URL(pages.url).host}`;
  const args = [...chromiumArgs(), `--host-resolver-rules=${rules}`];
  const browser = await chromium.launch({ executablePath: findChromium(), args });
  return {
    visit: async (code, options) => visit(await browser.newPage(), code, options),
    async stop() {
      await browser.close();
      await pages.stop();
    },
  };
}

/**
 * The block makes a `socket` with a session. `resolveDir` and `alias` say where its imports are, as for esbuild. Returns
 * `logged(text)`, which waits until the console has this line, and `sendOverADrop(text, answer)`.
 */
async function visit(tab, block, { resolveDir, alias }) {
  const logs = [];
  tab.on('console', (message) => logs.push(message.text()));
  const contents = `${block}
    socket.onresume = () => console.log('resumed');
    socket.ondrop = ({ cause, code }) => console.log('dropped', cause, code);
    globalThis.socket = socket;`;
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts', resolveDir },
    alias,
    bundle: true,
    format: 'esm',
    write: false,
  });
  await tab.goto('http://localhost:5173/');
  await tab.addScriptTag({ type: 'module', content: outputFiles[0].text });
  const logged = async (text) => {
    while (!logs.includes(text)) await tab.waitForEvent('console');
  };
  return {
    logged,
    /** Sends this while the connection is down, and waits for the answer, in the same session. */
    async sendOverADrop(text, answer) {
      await tab.evaluate((text) => {
        socket.reconnect();
        socket.send(text);
      }, text);
      await logged(answer);
      assert.ok(logs.includes('resumed'), logs.join('; '));
    },
  };
}
