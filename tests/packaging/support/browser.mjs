// Opens a page of a fixture in Chromium and waits for what it shows.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../../scripts/lib/browsers.mjs';
import { startTestServer } from '../../../scripts/lib/test-server.mjs';
import { main } from './entries.mjs';

const timeout = 20_000;
// Beyond ASCII, and beyond the Basic Multilingual Plane.
const message = 'Grüße 你好 🛟';

let browser;
let server;

/** For the top of a test file: the browser and the WebSocket server live as long as its tests. */
export function useBrowser() {
  before(async () => {
    server = await startTestServer();
    browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs() });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
}

/**
 * What the page at `url` shows in the end, what it loaded on the way, and what the browser had to complain of. The page
 * runs `first` before its own scripts; `look` is called with it at the end, and its answer is `found`.
 */
export async function visit(url, { first, look } = {}) {
  const page = await browser.newPage();
  if (first) await page.addInitScript(first);
  const complaints = [];
  const loaded = [];
  page.on('pageerror', (error) => complaints.push(`uncaught ${error.stack ?? error}`));
  page.on('console', (line) => {
    if (['error', 'warning'].includes(line.type())) complaints.push(`console ${line.type()}: ${line.text()}`);
  });
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure().errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
    loaded.push({ path: new URL(response.url()).pathname, type: response.headers()['content-type'] });
  });
  try {
    await page.goto(`${url}?${new URLSearchParams({ server: `${server.url}/echo`, say: message })}`);
    const shown = await page
      .locator('output:not(:empty)')
      .textContent({ timeout })
      .catch(() => 'nothing');
    return { shown, complaints, loaded, found: await look?.(page) };
  } finally {
    await page.close();
  }
}

/**
 * Asserts that the page at `url` exchanges a message with the server, to nobody's complaint, and loads a file of
 * WebAssembly, named as such, if its entry has one.
 */
export async function assertEchoes(url, { loadsWasm } = main) {
  const { shown, complaints, loaded } = await visit(url);
  assert.deepEqual({ shown, complaints }, { shown: message, complaints: [] });
  const modules = loaded.filter(({ path }) => path.endsWith('.wasm'));
  assert.deepEqual(
    modules.map(({ type }) => type),
    loadsWasm ? ['application/wasm'] : [],
  );
}
