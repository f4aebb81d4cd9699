// An app that imports every entry of the package.

import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { brotli } from '../../scripts/build/sizes.mjs';
import { assertEchoes, useBrowser } from './support/browser.mjs';
import { writePage } from './support/bundles.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

useBrowser();

test('each entry exchanges a message beside the others, and its objects are instances of the plain class', async () => {
  const { folder } = await build('src/index.js');
  writePage(folder, '<script type="module" src="main.js"></script>');
  await whileServed(folder, (url) => assertEchoes(url, { loadsWasm: true }));
});

test('an app ships what the entries share once, and two builds of the module at most', async (context) => {
  const { code, wasm } = await build('src/index.js');
  const inlined = [...code.matchAll(/"(0061736d[\da-f]+)"/g)].map(([, hex]) => hex);
  assert.ok(inlined.length > 0);
  assert.ok(new Set([...inlined, wasm.toString('hex')]).size <= 2, 'there are more than two builds');
  assert.equal(new Set(inlined).size, inlined.length, 'a build is inlined twice');
  // A text of each of the files that are shared, of `npm` and of the crate.
  for (const text of [
    'send() needs the data to send',
    'a listener must be a function',
    'no Standard Schema',
    'there is no option',
    'visibilitychange',
  ])
    assert.equal(code.split(text).length - 1, 1, `"${text}" is there more than once`);

  let apart = 0;
  for (const { name } of entries) apart += brotli(Buffer.from((await build(undefined, name)).code));
  const together = brotli(Buffer.from(code));
  const number = (bytes) => bytes.toLocaleString('en');
  context.diagnostic(`brotli: ${number(together)} bytes together, ${number(apart)} apart, and undrop.wasm`);
  assert.ok(together < apart);
});

test('the native class is captured in one place', async () => {
  const { code } = await build('src/index.js');
  assert.equal(code.split('Symbol("undrop")').length - 1, 1);
});

/** Builds a file of the fixture, or a script that exports an entry. */
async function build(file, entry) {
  const root = await project('together');
  const folder = join(root, 'dist');
  const input = file
    ? { entryPoints: { main: file }, outdir: folder }
    : { stdin: { contents: `export * from '${entry}';`, resolveDir: root }, outfile: join(folder, 'main.js') };
  await esbuild({
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    logLevel: 'silent',
    ...input,
  });
  const module = join(root, 'node_modules/undrop/dist/undrop.wasm');
  copyFileSync(module, join(folder, 'undrop.wasm'));
  return {
    folder,
    code: readFileSync(join(folder, 'main.js'), 'utf8'),
    wasm: readFileSync(module),
  };
}
