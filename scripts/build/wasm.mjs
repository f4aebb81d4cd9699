// The WebAssembly modules: compiled by cargo, made callable by wasm-bindgen, made small by wasm-opt.

import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../lib/find.mjs';
import { unlessFresh } from '../lib/fresh.mjs';
import { Failure } from '../lib/log.mjs';
import { generated, inRoot, target } from '../lib/paths.mjs';
import { ask, packageProgram, run } from '../lib/run.mjs';
import { findWasmBindgen } from '../lib/rust-tools.mjs';
import { copyLess, erasePanicTexts, optimizeTwice, shortenNames, silencePanics } from './tricks.mjs';

/** The two modules, by the features of the crate. Only `session` can keep a session. */
const modules = { plain: 'js', session: 'js,session' };

const fromCargo = join(target, 'wasm32-unknown-unknown/npm/undrop.wasm');

/** The files of one module, from cargo's to those that are bundled. A module can be built without one of the tricks. */
export const filesOf = (name, without) => {
  const folder = join(generated, without ? `${name} without ${without.name}` : name);
  // What wasm-bindgen writes: the module, and beside it the JavaScript that calls it.
  const bindings = join(folder, 'bindings');
  return {
    folder,
    compiled: join(folder, 'undrop.compiled.wasm'),
    bindings,
    bound: join(bindings, 'undrop_bg.wasm'),
    boundGlue: join(bindings, 'undrop.js'),
    // Those of `#wasm/plain` and `#wasm/session`: npm/tsconfig.json has the path.
    types: join(bindings, 'undrop.d.ts'),
    silent: join(folder, 'undrop.silent.wasm'),
    // What is bundled: the same two after wasm-opt. The JavaScript stays beside the snippets that it imports.
    optimized: join(folder, 'undrop.wasm'),
    glue: join(bindings, 'undrop.bundled.js'),
  };
};

// What rustc and wasm-bindgen use; wasm-opt refuses a module with others, so none comes in unseen.
const features = [
  'bulk-memory',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];
export const commonArguments = [
  ...features.map((feature) => `--enable-${feature}`),
  '--strip-producers',
  '--strip-target-features',
  '--zero-filled-memory',
];

export const optimizerArguments = (without) => [
  ...commonArguments,
  ...(without === optimizeTwice ? ['-Oz'] : optimizeTwice()),
];

/** Makes both modules of what cargo compiles, and says how large they are. */
export const compile = () => each((name) => compileModule(name));
export const bind = () => each((name) => bindModule(name));
export const optimize = () => each((name) => optimizeModule(name));

/** Makes one module, all steps. */
export async function makeModule(name, without) {
  await compileModule(name, without);
  await bindModule(name, without);
  await optimizeModule(name, without);
}

async function compileModule(name, without) {
  const { folder, compiled } = filesOf(name, without);
  await run('cargo', [
    'rustc',
    '--profile',
    'npm',
    '--target',
    'wasm32-unknown-unknown',
    '--lib',
    // A crate that depends on this one would link such a library for nothing, so Cargo.toml does not ask for it.
    '--crate-type',
    'cdylib',
    '--no-default-features',
    '--features',
    modules[name],
    ...(without === copyLess ? [] : copyLess()),
  ]);
  mkdirSync(folder, { recursive: true });
  copyFileSync(fromCargo, compiled);
  return compiled;
}

async function bindModule(name, without) {
  const program = findWasmBindgen();
  const { folder, compiled, bindings, boundGlue, bound } = filesOf(name, without);
  const files = {
    stamp: join(folder, 'bindings.stamp'),
    inputs: [compiled, versionOf(program)],
    outputs: [boundGlue, bound],
  };
  await unlessFresh(files, async () => {
    rmSync(bindings, { recursive: true, force: true });
    await run(program, [compiled, '--target', 'web', '--out-dir', bindings, '--out-name', 'undrop']);
  });
  return bound;
}

async function optimizeModule(name, without) {
  const { folder, bound, boundGlue, silent, optimized, glue } = filesOf(name, without);
  const files = {
    stamp: join(folder, 'optimized.stamp'),
    inputs: [bound, boundGlue, inRoot('node_modules/binaryen/package.json'), here],
    outputs: [optimized, glue],
  };
  await unlessFresh(files, async () => {
    let bytes = readFileSync(bound);
    for (const trick of [silencePanics, erasePanicTexts]) if (trick !== without) bytes = await trick(bytes);
    writeFileSync(silent, bytes);
    const args = [silent, '-o', optimized, '--strip-debug', ...optimizerArguments(without)];
    const standard = readFileSync(boundGlue, 'utf8');
    if (without === shortenNames) {
      await run(process.execPath, [packageProgram('binaryen', 'wasm-opt'), ...args]);
      writeFileSync(glue, standard);
    } else {
      const names = await askOptimizer([...args, '--minify-imports-and-exports-and-modules']);
      writeFileSync(glue, shortenNames(standard, names));
    }
  });
  return optimized;
}

/** wasm-opt prints the names that it shortened. */
async function askOptimizer(args) {
  const options = { stdio: ['ignore', 'pipe', 'inherit'] };
  const names = await ask(process.execPath, [packageProgram('binaryen', 'wasm-opt'), ...args], options);
  if (names === undefined) throw new Failure('wasm-opt failed');
  return JSON.parse(names);
}

/** Makes one file of each module, and says how large they are. */
async function each(make) {
  const sizes = [];
  for (const name of Object.keys(modules)) {
    const path = await make(name);
    sizes.push(`${name} ${statSync(path).size.toLocaleString('en')}`);
  }
  return `${sizes.join(', ')} bytes`;
}

const here = fileURLToPath(new URL('.', import.meta.url));
