// What is in the package, and what is not.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix, relative, sep } from 'node:path';
import { before, test } from 'node:test';
import { filesIn } from '../../scripts/lib/fresh.mjs';
import { inRoot, root } from '../../scripts/lib/paths.mjs';
import { publicDeclarations } from './support/declarations.mjs';
import { entries, serverEntries } from './support/entries.mjs';
import { installedPackage } from './support/project.mjs';

let folder;
let manifest;

before(async () => {
  folder = await installedPackage();
  manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
});

test('the package holds what its users need, and nothing else', () => {
  const expected = new Set([
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'README.zh-CN.md',
    'package.json',
    'dist/undrop.wasm',
    'dist/check.js',
    ...[...scriptsOf([...entries, ...serverEntries])].flatMap((file) => [file, `${file}.map`]),
    ...publicDeclarations(folder).map(nameOf),
    ...filesIn(inRoot('npm')).map((path) => relative(root, path).split(sep).join('/')),
  ]);
  const found = new Set(filesIn(folder).map(nameOf));
  const missing = [...expected].filter((name) => !found.has(name));
  const surplus = [...found].filter((name) => !expected.has(name));
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] });
});

test('no file tells of the machine that built it', () => {
  const home = homedir();
  const telling = [root, home, process.env.CARGO_HOME, process.env.RUSTUP_HOME, '.cargo/registry', '.rustup/toolchains']
    .map((path) => path?.replace(/[\\/]+$/, ''))
    .filter(Boolean);
  const found = filesIn(folder).flatMap((path) => {
    const content = readFileSync(path, 'latin1');
    return telling.filter((text) => content.includes(text)).map((text) => `${nameOf(path)}: ${text}`);
  });
  assert.deepEqual(found, []);
});

test('the package has the version of the crate', () => {
  const [, table] = readFileSync(inRoot('Cargo.toml'), 'utf8').split('[workspace.package]');
  assert.equal(manifest.version, table.match(/^version = "(.+)"/m)[1]);
});

test('the package says where it comes from, so that its provenance can be proven', () => {
  assert.equal(manifest.license, 'MIT OR Apache-2.0');
  assert.match(manifest.repository.url, /^git\+https:\/\/github\.com\/.+\.git$/);
  assert.equal(manifest.publishConfig.provenance, true);
  assert.equal(manifest.private, undefined);
});

test('the package needs nothing else, and runs nothing when it is installed', () => {
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
  const { preinstall, install, postinstall } = manifest.scripts ?? {};
  assert.deepEqual([preinstall, install, postinstall].filter(Boolean), []);
});

test('bundlers may leave out what is not used, and find the types of each entry first', () => {
  assert.equal(manifest.type, 'module');
  assert.equal(manifest.sideEffects, false);
  const { './package.json': _, ...exported } = manifest.exports;
  assert.deepEqual(Object.keys(exported), [
    ...['.', './slim', './messages', './session', './all'],
    ...['./server', './server/node', './server/ws', './server/bun', './server/deno'],
  ]);
  for (const conditions of Object.values(exported)) assert.equal(Object.keys(conditions)[0], 'types');
});

/** The scripts of these entries, with the chunks that they import. */
function scriptsOf(entries) {
  const found = new Set(entries.map(({ file }) => file));
  for (const file of found)
    for (const [, name] of readFileSync(join(folder, file), 'utf8').matchAll(/from ?"\.\/(chunk[\w-]*\.js)"/g))
      found.add(posix.join(posix.dirname(file), name));
  return found;
}

const nameOf = (path) => relative(folder, path).split(sep).join('/');
