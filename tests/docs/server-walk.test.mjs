// The first server of docs/servers.md, made by its reader: the blocks are copied into an empty folder, built, and used by the
// page's block in a browser, over a connection that breaks, until the server ends in order.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../scripts/lib/browsers.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { tee } from '../../scripts/lib/run.mjs';
import { page } from './support/pages.mjs';

// Not in this repository, whose workspace it would be a part of.
const folder = mkdtempSync(join(tmpdir(), 'undrop-server-walk-'));
const { blocks } = page('docs/servers.md');
const block = (language) => blocks.find((one) => one.language === language && one.heading === 'A first server').code;

let server;
let pages;
let browser;
let address;

before(async () => {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'Cargo.toml'), block('toml'));
  writeFileSync(join(folder, 'src/main.rs'), block('rust'));
  // The versions that the other tests have, and the crates of this repository in place of those of the registry.
  copyFileSync(inRoot('Cargo.lock'), join(folder, 'Cargo.lock'));
  const patches = ['proto', 'server'].flatMap((crate) => [
    '--config',
    `patch.crates-io.undrop-${crate}.path=${JSON.stringify(inRoot(crate))}`,
  ]);
  const target = inRoot('target', 'server-walk');
  const { code, text } = await tee('cargo', ['build', '--quiet', '--target-dir', target, ...patches], { cwd: folder });
  assert.equal(code, 0, text);
  server = spawn(join(target, 'debug/chat-server'), { env: { ...process.env, ADDRESS: '127.0.0.1:0' } });
  const [line] = await once(createInterface(server.stdout), 'line');
  address = line.replace('listening on ', '');
  pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  // The origin that the server's block lets in, whoever has its port. Chromium lets no page that it knows to be from elsewhere
  // connect to this machine, so this one is not made up by the test.
  const rules = `MAP localhost:5173 127.0.0.1:${pages.address().port}`;
  const args = [...chromiumArgs(), `--host-resolver-rules=${rules}`];
  browser = await chromium.launch({ executablePath: findChromium(), args });
});

after(async () => {
  await browser?.close();
  pages?.close();
  if (server?.exitCode === null) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test("the page's block gets its answer from the server's, also after a drop, and the server ends in order", {
  timeout: 60_000,
}, async () => {
  const tab = await browser.newPage();
  const logs = [];
  tab.on('console', (message) => logs.push(message.text()));
  const code = `${block('ts').replace('127.0.0.1:8080', address)}
    socket.onresume = () => console.log('resumed');
    socket.ondrop = ({ cause, code }) => console.log('dropped', cause, code);
    globalThis.socket = socket;`;
  const resolveDir = inRoot();
  const alias = { 'undrop/session': inRoot('dist/session.js') };
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir },
    alias,
    bundle: true,
    format: 'esm',
    write: false,
  });
  await tab.goto('http://localhost:5173/');
  const logged = async (text) => {
    while (!logs.includes(text)) await tab.waitForEvent('console');
  };
  await tab.addScriptTag({ type: 'module', content: outputFiles[0].text });
  await logged('Hello, this was number 1');
  await tab.evaluate(() => {
    socket.reconnect();
    socket.send('again');
  });
  await logged('Hello, this was number 2');
  assert.ok(logs.includes('resumed'), logs.join('; '));
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  assert.match(metrics, /^undrop_resumes_total\{sessions="default",outcome="resumed",cause="here"\} 1$/m);
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  await logged('dropped close 1012');
});
