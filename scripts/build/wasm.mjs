// The WebAssembly modules: compiled by cargo, made callable by wasm-bindgen, made small by wasm-opt.

import { Buffer } from 'node:buffer';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../lib/find.mjs';
import { unlessFresh } from '../lib/fresh.mjs';
import { Failure } from '../lib/log.mjs';
import { generated, inRoot, target } from '../lib/paths.mjs';
import { ask, packageProgram, run } from '../lib/run.mjs';
import { findWasmBindgen } from '../lib/rust-tools.mjs';
import { write } from './glue.mjs';

/** The module of the main entry and the one that can keep a session, by the crate's features. */
const modules = { plain: 'npm', session: 'npm,session' };

const fromCargo = join(target, 'wasm32-unknown-unknown/npm/undrop.wasm');

/** The files of one module, from cargo's to those that are bundled. */
export const filesOf = (name) => {
  const folder = join(generated, name);
  // What wasm-bindgen writes: the module, and beside it the JavaScript that calls it.
  const glueFolder = join(folder, 'glue');
  return {
    folder,
    compiled: join(folder, 'undrop.compiled.wasm'),
    glueFolder,
    boundGlue: join(glueFolder, 'undrop.js'),
    bound: join(glueFolder, 'undrop_bg.wasm'),
    wordless: join(folder, 'undrop.wordless.wasm'),
    // What is bundled: the same two after wasm-opt. The glue stays where the snippets are that it imports.
    glue: join(glueFolder, 'undrop.short.js'),
    optimized: join(folder, 'undrop.wasm'),
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
export const optimizerArguments = [
  '-Oz',
  ...features.map((feature) => `--enable-${feature}`),
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
  '--zero-filled-memory',
  '--minify-imports-and-exports-and-modules',
];

/**
 * A panic here is a trap without words, and yet the words are in the module: the linker saw them in use. In their place
 * come zeros, which wasm-opt leaves out.
 */
const withoutWords = (bytes) => {
  const words = [
    /\/rustc\/\w{40}\/library\/[\w/]+\.rs/g,
    /memory allocation of | bytes failed|capacity overflow/g,
    /00010203\d{192}/g,
    /attempted to take ownership of Rust value while it was borrowed/g,
    /null pointer passed to rust/g,
    /recursive use of an object detected which would lead to unsafe aliasing in rust/g,
  ];
  const text = words.reduce(
    (text, word) => text.replace(word, (found) => '\0'.repeat(found.length)),
    bytes.toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
};

export const compile = () =>
  each(async ({ folder, compiled }, features) => {
    await run('cargo', [
      'build',
      '--profile',
      'npm',
      '--target',
      'wasm32-unknown-unknown',
      '--lib',
      '--no-default-features',
      '--features',
      features,
      // With opt-level 3 smaller than "z" or "s": what is small is inlined and folded, the rest is not copied.
      '--config',
      'target.wasm32-unknown-unknown.rustflags=["-Cllvm-args=--inline-threshold=10"]',
    ]);
    mkdirSync(folder, { recursive: true });
    copyFileSync(fromCargo, compiled);
    return compiled;
  });

export async function generateGlue() {
  const program = findWasmBindgen();
  return each(async ({ folder, compiled, glueFolder, boundGlue, bound }) => {
    const files = {
      stamp: join(folder, 'glue.stamp'),
      inputs: [compiled, versionOf(program), here],
      outputs: [boundGlue, bound],
    };
    await unlessFresh(files, async () => {
      rmSync(glueFolder, { recursive: true, force: true });
      await run(program, [
        compiled,
        '--target',
        'web',
        '--no-typescript',
        '--out-dir',
        glueFolder,
        '--out-name',
        'undrop',
      ]);
    });
    return bound;
  });
}

export async function optimize() {
  const program = packageProgram('binaryen', 'wasm-opt');
  return each(async ({ folder, boundGlue, bound, wordless, glue, optimized }) => {
    const files = {
      stamp: join(folder, 'optimized.stamp'),
      inputs: [bound, boundGlue, inRoot('node_modules/binaryen/package.json'), here],
      outputs: [optimized, glue],
    };
    await unlessFresh(files, async () => {
      writeFileSync(wordless, withoutWords(readFileSync(bound)));
      const args = [program, wordless, '-o', optimized, ...optimizerArguments];
      const names = await ask(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      if (names === undefined) throw new Failure('wasm-opt failed');
      writeFileSync(glue, write(JSON.parse(names)));
    });
    return optimized;
  });
}

/** Makes one file of each module, and says how large they are. */
async function each(make) {
  const sizes = [];
  for (const [name, features] of Object.entries(modules)) {
    const path = await make(filesOf(name), features);
    sizes.push(`${name} ${statSync(path).size.toLocaleString('en')}`);
  }
  return `${sizes.join(', ')} bytes`;
}

const here = fileURLToPath(new URL('.', import.meta.url));
