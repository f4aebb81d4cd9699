// What bundlers leave behind, and a page for it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn } from '../../../scripts/lib/fresh.mjs';

/** Writes the page that a person would, around what a bundler made: `script` is its script element. */
export const writePage = (folder, script) =>
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><title>undrop</title><link rel="icon" href="data:,"><body><output></output>${script}`,
  );

export const wasmFilesIn = (folder) => filesIn(folder).filter((path) => path.endsWith('.wasm'));

/** Asserts that of a page that imports the package in vain, `most` characters are left at most, and none are undrop's. */
export function assertWithoutUndrop(folder, { most }) {
  const code = filesIn(folder)
    .filter((path) => path.endsWith('.js'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  assert.match(code, /no use for a WebSocket/);
  assert.doesNotMatch(code, /undrop|WebAssembly/i);
  assert.ok(code.length <= most, `${code.length} characters are left:\n${code}`);
}
