// The first server of docs/servers-in-javascript.md, made by its reader in an empty folder, and the page's block in a browser,
// over a connection that breaks.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { page } from './support/pages.mjs';
import { startPages } from './support/server-page.mjs';

const folder = mkdtempSync(join(tmpdir(), 'undrop-chat-walk-'));
const { blocks } = page('docs/servers-in-javascript.md');
const block = (language) => blocks.find((one) => one.language === language && one.heading === 'A first server').code;

let server;
let pages;
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
  pages = await startPages();
});

after(async () => {
  await pages?.stop();
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('the chat is ten lines and its imports, and loses nothing', { timeout: 60_000 }, async () => {
  const lines = block('js')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('import'));
  assert.equal(lines.length, 10);
  const code = block('ts').replace('127.0.0.1:8080', `127.0.0.1:${port}`);
  const { logged, sendOverADrop } = await pages.visit(code, { resolveDir: folder });
  await logged('hello');
  await sendOverADrop('again', 'again');
});
