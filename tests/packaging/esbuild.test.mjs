// The package in a project that is built with esbuild, and put into pages that say nothing of their encoding.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { assertEchoes, assertLoadedWasm, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, writePage } from './support/bundles.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

useBrowser();

test("a page of esbuild's module exchanges a message", async () => {
  const built = await build('index', { format: 'esm' });
  writePage(built, '<script type="module" src="main.js"></script>');
  await whileServed(built, assertEchoes);
});

test("a page of esbuild's classic script exchanges a message", async () => {
  const built = await build('index', { format: 'iife' });
  writePage(built, '<script src="main.js"></script>');
  await whileServed(built, assertEchoes);
});

test("a page of esbuild's module exchanges a message by undrop/slim, once the module lies beside it", async () => {
  // esbuild leaves the URLs of other files as they are.
  const built = await build('slim', { format: 'esm' });
  copyFileSync(join(built, '../node_modules/undrop/dist/undrop.wasm'), join(built, 'undrop.wasm'));
  writePage(built, '<script type="module" src="main.js"></script>');
  assertLoadedWasm(await whileServed(built, assertEchoes));
});

test('the inlined module survives a bundle in UTF-8 that is served as Latin-1', async () => {
  const built = await build('index', { format: 'iife', charset: 'utf8' });
  writePage(built, '<script src="main.js"></script>');
  await whileServed(built, assertEchoes, { charset: 'iso-8859-1' });
});

test('the inlined module survives in a script that is written into its page', async () => {
  const built = await build('index', { format: 'iife' });
  writePage(built, `<script>${readFileSync(join(built, 'main.js'), 'utf8')}</script>`);
  await whileServed(built, assertEchoes, { charset: 'iso-8859-1' });
});

test("nothing of the package is in esbuild's bundle of a page that imports it in vain", async () => {
  assertWithoutUndrop(await build('unused', { format: 'esm' }), { most: 100 });
});

test("nothing of undrop/slim is in esbuild's bundle of a page that imports it in vain", async () => {
  assertWithoutUndrop(await build('slim-unused', { format: 'esm' }), { most: 100 });
});

async function build(fixture, options) {
  const folder = await project(fixture);
  const outdir = join(folder, 'dist');
  const { warnings } = await esbuild({
    absWorkingDir: folder,
    entryPoints: { main: 'src/index.js' },
    outdir,
    bundle: true,
    minify: true,
    logLevel: 'silent',
    ...options,
  });
  assert.deepEqual(warnings, []);
  return outdir;
}
