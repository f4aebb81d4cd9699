// The package in a project that is built with esbuild, and put into pages that say nothing of their encoding.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { assertEchoes, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, writePage } from './support/bundles.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

useBrowser();

for (const entry of entries) {
  const { name, loadsWasm } = entry;

  test(`a page of esbuild's module exchanges a message by ${name}`, async () => {
    const built = await build('page', entry, { format: 'esm' });
    // esbuild leaves the URLs of other files as they are: the module has to be put beside the script.
    if (loadsWasm) copyFileSync(join(built, '../node_modules/undrop/dist/undrop.wasm'), join(built, 'undrop.wasm'));
    writePage(built, '<script type="module" src="main.js"></script>');
    await whileServed(built, (url) => assertEchoes(url, entry));
  });

  test(`nothing of ${name} is in esbuild's bundle of a page that imports it in vain`, async () => {
    assertWithoutUndrop(await build('unused', entry, { format: 'esm' }), { most: 100 });
  });

  // What awaits at its top, as undrop/slim does, can be no classic script.
  if (loadsWasm) continue;

  test(`a page of esbuild's classic script exchanges a message by ${name}`, async () => {
    const built = await build('page', entry, { format: 'iife' });
    writePage(built, '<script src="main.js"></script>');
    await whileServed(built, assertEchoes);
  });

  test(`the inlined module of ${name} survives a bundle in UTF-8 that is served as Latin-1`, async () => {
    const built = await build('page', entry, { format: 'iife', charset: 'utf8' });
    writePage(built, '<script src="main.js"></script>');
    await whileServed(built, assertEchoes, { charset: 'iso-8859-1' });
  });

  test(`the inlined module of ${name} survives in a script that is written into its page`, async () => {
    const built = await build('page', entry, { format: 'iife' });
    writePage(built, `<script>${readFileSync(join(built, 'main.js'), 'utf8')}</script>`);
    await whileServed(built, assertEchoes, { charset: 'iso-8859-1' });
  });
}

async function build(fixture, entry, options) {
  const folder = await project(fixture, entry);
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
