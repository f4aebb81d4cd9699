// The WebAssembly module: compiled by cargo, made callable by wasm-bindgen, made small by wasm-opt.

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../lib/find.mjs';
import { unlessFresh } from '../lib/fresh.mjs';
import { generated, inRoot, target } from '../lib/paths.mjs';
import { packageProgram, run } from '../lib/run.mjs';
import { findWasmBindgen } from '../lib/rust-tools.mjs';

const compiled = join(target, 'wasm32-unknown-unknown/npm/undrop.wasm');
/** What wasm-bindgen writes: the module, and beside it the JavaScript that calls it. */
const glueFolder = join(generated, 'glue');
const bound = join(glueFolder, 'undrop_bg.wasm');

export const glue = join(glueFolder, 'undrop.js');
export const optimized = join(generated, 'undrop.wasm');

// What rustc and wasm-bindgen use; wasm-opt refuses a module with others, so none comes in unseen.
const features = [
  'bulk-memory',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];
const optimizerArguments = [
  '-Oz',
  ...features.map((feature) => `--enable-${feature}`),
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
];

export async function compile() {
  await run('cargo', ['build', '--profile', 'npm', '--target', 'wasm32-unknown-unknown', '--lib', '--no-default-features', '--features', 'npm']);
  return bytes(compiled);
}

export async function generateGlue() {
  const program = findWasmBindgen();
  const files = {
    stamp: join(generated, 'glue.stamp'),
    inputs: [compiled, versionOf(program), thisFile],
    outputs: [glue, bound],
  };
  await unlessFresh(files, async () => {
    rmSync(glueFolder, { recursive: true, force: true });
    await run(program, [compiled, '--target', 'web', '--out-dir', glueFolder, '--out-name', 'undrop']);
  });
  return bytes(bound);
}

export async function optimize() {
  const program = packageProgram('binaryen', 'wasm-opt');
  const files = {
    stamp: join(generated, 'optimized.stamp'),
    inputs: [bound, inRoot('node_modules/binaryen/package.json'), thisFile],
    outputs: [optimized],
  };
  await unlessFresh(files, () => run(process.execPath, [program, bound, '-o', optimized, ...optimizerArguments]));
  return bytes(optimized);
}

const thisFile = fileURLToPath(import.meta.url);
const bytes = (path) => `${statSync(path).size.toLocaleString('en')} bytes`;
