// The first server of docs/servers.md, made by its reader: the blocks are copied into an empty folder, built, and used by the
// page's block in a browser, over a connection that breaks, until the server ends in order.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { tee } from '../../scripts/lib/run.mjs';
import { page } from './support/pages.mjs';
import { startPages } from './support/server-page.mjs';

// Not in this repository, whose workspace it would be a part of.
const folder = mkdtempSync(join(tmpdir(), 'undrop-server-walk-'));
const { blocks } = page('docs/servers.md');
const block = (language) => blocks.find((one) => one.language === language && one.heading === 'A first server').code;

let server;
let pages;
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
  pages = await startPages();
});

after(async () => {
  await pages?.stop();
  if (server?.exitCode === null) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test("the page's block gets its answer from the server's, also after a drop, and the server ends in order", {
  timeout: 60_000,
}, async () => {
  const { logged, sendOverADrop } = await pages.visit(block('ts').replace('127.0.0.1:8080', address), {
    resolveDir: inRoot(),
    alias: { 'undrop/session': inRoot('dist/session.js') },
  });
  await logged('Hello, this was number 1');
  await sendOverADrop('again', 'Hello, this was number 2');
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  assert.match(metrics, /^undrop_resumes_total\{sessions="default",outcome="resumed",cause="here"\} 1$/m);
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  await logged('dropped close 1012');
});
