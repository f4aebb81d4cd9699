// The package in a project that is built with Vite, without any configuration.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertEchoes, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, wasmFilesIn } from './support/bundles.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';
import { installTools, startViteServer, vite } from './support/tools.mjs';

useBrowser();
before(installTools);

for (const entry of entries) {
  test(`a page of Vite's build exchanges a message by ${entry.name}`, async () => {
    const built = await build('page', entry);
    assert.equal(wasmFilesIn(built).length, entry.loadsWasm ? 1 : 0);
    await whileServed(built, (url) => assertEchoes(url, entry));
  });

  test(`a page of Vite's development server exchanges a message by ${entry.name}`, async () => {
    const server = await startViteServer(await project('page', entry));
    try {
      await assertEchoes(server.url, entry);
      assert.deepEqual(server.complaints, []);
    } finally {
      await server.stop();
    }
  });

  test(`nothing of ${entry.name} is in Vite's build of a page that imports it in vain`, async () => {
    const built = await build('unused', entry);
    // Some 700 of them are Vite's own, a polyfill.
    assertWithoutUndrop(built, { most: 1_000 });
    // Vite has written the module of undrop/slim to the disk before it finds that no page asks for it.
    if (!entry.loadsWasm) assert.deepEqual(wasmFilesIn(built), []);
  });
}

async function build(fixture, entry) {
  const folder = await project(fixture, entry);
  const output = await vite(folder, 'build');
  assert.doesNotMatch(output, /warn/i);
  return join(folder, 'dist');
}
