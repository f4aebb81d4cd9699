// The package in a project that is built with webpack, without any configuration; terser minifies what it builds.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertEchoes, assertLoadedWasm, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, wasmFilesIn, writePage } from './support/bundles.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';
import { installTools, webpack } from './support/tools.mjs';

useBrowser();
before(installTools);

test("a page of webpack's production build exchanges a message", async () => {
  const built = await build('index', 'production');
  assert.deepEqual(wasmFilesIn(built), []);
  await whileServed(built, assertEchoes);
});

test("a page of webpack's development build, all in calls of eval, exchanges a message", async () => {
  await whileServed(await build('index', 'development'), assertEchoes);
});

test("a page of webpack's build exchanges a message by undrop/slim, with the module as a file of its own", async () => {
  const built = await build('slim', 'production');
  assert.equal(wasmFilesIn(built).length, 1);
  assertLoadedWasm(await whileServed(built, assertEchoes));
});

test("nothing of the package is in webpack's build of a page that imports it in vain", async () => {
  assertWithoutUndrop(await build('unused', 'production'), { most: 100 });
});

test("nothing of undrop/slim is in webpack's build of a page that imports it in vain", async () => {
  const built = await build('slim-unused', 'production');
  // Some 1,000 of them are webpack's own, for modules that await something.
  assertWithoutUndrop(built, { most: 1_300 });
  assert.deepEqual(wasmFilesIn(built), []);
});

async function build(fixture, mode) {
  const folder = await project(fixture);
  const output = await webpack(folder, '--mode', mode);
  assert.doesNotMatch(output, /warning/i);
  const built = join(folder, 'dist');
  writePage(built, '<script src="main.js"></script>');
  return built;
}
