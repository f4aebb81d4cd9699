// The first server of docs/servers-in-javascript.md, made by its reader in an empty folder, and the page's block in a browser,
// over a connection that breaks.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../scripts/lib/browsers.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { page } from './support/pages.mjs';

const folder = mkdtempSync(join(tmpdir(), 'undrop-chat-walk-'));
const { blocks } = page('docs/servers-in-javascript.md');
const block = (language) => blocks.find((one) => one.language === language && one.heading === 'A first server').code;

let server;
let pages;
let browser;
let port;

before(async () => {
  writeFileSync(join(folder, 'chat.mjs'), block('js'));
  // What `npm install` brings.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(inRoot(), join(folder, 'node_modules/undrop'), 'junction');
  symlinkSync(inRoot('node_modules/ws'), join(folder, 'node_modules/ws'), 'junction');
  port = await lastingPort();
  server = spawn(process.execPath, ['chat.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
    stdio: 'inherit',
  });
  pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  const rules = `MAP localhost:5173 127.0.0.1:${pages.address().port}`;
  const args = [...chromiumArgs(), `--host-resolver-rules=${rules}`];
  browser = await chromium.launch({ executablePath: findChromium(), args });
});

after(async () => {
  await browser?.close();
  pages?.close();
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('the chat is ten lines and its imports, and loses nothing', { timeout: 60_000 }, async () => {
  const lines = block('js')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('import'));
  assert.equal(lines.length, 10);
  const tab = await browser.newPage();
  const logs = [];
  tab.on('console', (message) => logs.push(message.text()));
  const code = `${block('ts').replace('127.0.0.1:8080', `127.0.0.1:${port}`)}
    socket.onresume = () => console.log('resumed');
    globalThis.socket = socket;`;
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: folder },
    bundle: true,
    format: 'esm',
    write: false,
  });
  await tab.goto('http://localhost:5173/');
  const logged = async (text) => {
    while (!logs.includes(text)) await tab.waitForEvent('console');
  };
  await tab.addScriptTag({ type: 'module', content: outputFiles[0].text });
  await logged('hello');
  await tab.evaluate(() => {
    socket.reconnect();
    socket.send('again');
  });
  await logged('again');
  assert.ok(logs.includes('resumed'), logs.join('; '));
});
