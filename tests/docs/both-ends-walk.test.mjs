// The programs with typed messages at both ends, of README.md and docs/servers-in-javascript.md, as their reader would write them:
// a file for each block. The server runs under Node, the page's file here, over a connection that is cut.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { inbox, nextEvent } from '../server/support/client.mjs';
import { startCutter } from '../server/support/cutter.mjs';
import { page } from './support/pages.mjs';

/** What ends what a test has begun. */
const ends = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

for (const name of ['README.md', 'docs/servers-in-javascript.md']) {
  test(`the page and the server of ${name} understand each other, and lose nothing`, { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'undrop-both-ends-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    // What `npm install` brings.
    mkdirSync(join(folder, 'node_modules'));
    for (const [name, path] of Object.entries({ undrop: inRoot(), ws: inRoot('node_modules/ws') }))
      symlinkSync(path, join(folder, 'node_modules', name), 'junction');

    const port = await lastingPort();
    const cutter = await startCutter(port);
    ends.push(() => cutter.stop());
    const files = page(name).blocks.filter(({ file }) => file);
    assert.deepEqual(
      files.map(({ file }) => file),
      ['messages.ts', 'page.ts', 'server.ts'],
    );
    for (const { file, code } of files) {
      const here = code.replace(/wss?:\/\/[\w.:]+/, cutter.url).replace('listen(8080', `listen(${port}`);
      // For this test.
      const exported = file === 'page.ts' ? 'export { socket, lines };' : '';
      writeFileSync(join(folder, file), here + exported);
    }
    const options = { bundle: true, packages: 'external', format: 'esm', platform: 'node', outdir: folder };
    const outExtension = { '.js': '.mjs' };
    await build({ ...options, outExtension, entryPoints: ['server.ts', 'page.ts'].map((file) => join(folder, file)) });

    const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, stdio: 'inherit' });
    ends.push(() => server.kill('SIGKILL'));
    // The page's request has a time limit, which is not for the start of a server.
    while (!(await accepts(port)));
    // The page prints what it hears.
    const { put, next } = inbox();
    const { log } = console;
    console.log = (...line) => put(line);
    ends.push(() => {
      console.log = log;
    });
    const { socket, lines } = await import(pathToFileURL(join(folder, 'page.mjs')));
    ends.push(() => socket.close());
    assert.deepEqual(lines, ['hello']);
    const [from, text] = await next();
    assert.deepEqual([from.length, text], [32, 'hello']);
    const resumed = nextEvent(socket, 'resume');
    cutter.cut();
    socket.emit('say', { text: 'again' });
    const history = socket.request('history', { limit: 50 });
    await resumed;
    assert.deepEqual(await next(), [from, 'again']);
    assert.deepEqual(await history, ['hello', 'again']);
  });
}

/** Whether somebody listens on a port of this machine. */
async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
