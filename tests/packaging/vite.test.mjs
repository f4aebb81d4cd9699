// The package in a project that is built with Vite, without any configuration.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertEchoes, assertLoadedWasm, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, wasmFilesIn } from './support/bundles.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';
import { installTools, startViteServer, vite } from './support/tools.mjs';

useBrowser();
before(installTools);

test("a page of Vite's build exchanges a message", async () => {
  const built = await build('index');
  assert.deepEqual(wasmFilesIn(built), []);
  await whileServed(built, assertEchoes);
});

test("a page of Vite's build exchanges a message by undrop/slim, with the module as a file of its own", async () => {
  const built = await build('slim');
  assert.equal(wasmFilesIn(built).length, 1);
  assertLoadedWasm(await whileServed(built, assertEchoes));
});

test("a page of Vite's development server exchanges a message", async () => {
  await developed('index', assertEchoes);
});

test("a page of Vite's development server exchanges a message by undrop/slim", async () => {
  assertLoadedWasm(await developed('slim', assertEchoes));
});

test("nothing of the package is in Vite's build of a page that imports it in vain", async () => {
  const built = await build('unused');
  // Some 700 of them are Vite's own, a polyfill.
  assertWithoutUndrop(built, { most: 1_000 });
  assert.deepEqual(wasmFilesIn(built), []);
});

test("nothing of undrop/slim is in Vite's build of a page that imports it in vain", async () => {
  // Vite has written the module to the disk before it finds that no page asks for it.
  assertWithoutUndrop(await build('slim-unused'), { most: 1_000 });
});

async function build(fixture) {
  const folder = await project(fixture);
  const output = await vite(folder, 'build');
  assert.doesNotMatch(output, /warn/i);
  return join(folder, 'dist');
}

async function developed(fixture, look) {
  const server = await startViteServer(await project(fixture));
  try {
    const loaded = await look(server.url);
    assert.deepEqual(server.complaints, []);
    return loaded;
  } finally {
    await server.stop();
  }
}
