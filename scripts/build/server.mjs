// `undrop/server`: the crate undrop-server as WebAssembly, and what of `npm/server` makes an API of it. Nobody loads it but a
// server, so it has no budget, and none of the tricks that make the client small.

import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { unlessFresh } from '../lib/fresh.mjs';
import { dist, generated, inRoot, root, target } from '../lib/paths.mjs';
import { packageProgram, run } from '../lib/run.mjs';
import { findWasmBindgen } from '../lib/rust-tools.mjs';
import { wasmImports } from './bundle.mjs';
import { commonArguments, filesOf } from './wasm.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = inRoot('npm/server');
/** What of the client the server has as well: the messages, and what names of options are compared by. */
const shared = [
  inRoot('src/js/values.js'),
  inRoot('src/messages'),
  inRoot('npm/description.ts'),
  inRoot('npm/schema.ts'),
];
const files = filesOf('server');
export const serverEntries = ['index', 'node', 'ws', 'bun', 'deno'];
const folder = join(dist, 'server');

/** A panic tells where in the source it is. On which machine that lay is nobody's business. */
const anonymousPaths = () => {
  const cargo = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const flags = [root, join(cargo, 'registry/src/'), `${homedir()}/`].map((path) => `--remap-path-prefix=${path}=`);
  return `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
};

/** An ES module whose default export decodes the bytes. Each runtime has zlib, and a server's bundler moves no other files. */
const compressed = (bytes) => `
  import { Buffer } from 'node:buffer';
  import { brotliDecompressSync } from 'node:zlib';
  export default () => brotliDecompressSync(Buffer.from('${brotliCompressSync(bytes).toString('base64')}', 'base64'));`;

export async function compileServer() {
  const target_ = ['--profile', 'npm', '--target', 'wasm32-unknown-unknown', '--config', anonymousPaths()];
  const what = ['-p', 'undrop-server', '--lib', '--crate-type', 'cdylib', '--no-default-features', '--features', 'js'];
  await run('cargo', ['rustc', ...target_, ...what]);
  mkdirSync(files.folder, { recursive: true });
  copyFileSync(join(target, 'wasm32-unknown-unknown/npm/undrop_server.wasm'), files.compiled);
  const stages = { stamp: join(files.folder, 'module.stamp'), outputs: [files.optimized, files.glue] };
  await unlessFresh({ ...stages, inputs: [files.compiled, here] }, async () => {
    rmSync(files.bindings, { recursive: true, force: true });
    const out = ['--target', 'web', '--out-dir', files.bindings, '--out-name', 'undrop'];
    await run(findWasmBindgen(), [files.compiled, ...out]);
    const optimizer = packageProgram('binaryen', 'wasm-opt');
    await run(process.execPath, [optimizer, files.bound, '-o', files.optimized, ...commonArguments, '-Oz', '-O3']);
    copyFileSync(files.boundGlue, files.glue);
  });
  return `${statSync(files.optimized).size.toLocaleString('en')} bytes`;
}

export async function bundleServer() {
  const fresh = {
    stamp: join(generated, 'server-bundle.stamp'),
    inputs: [sources, ...shared, files.glue, files.optimized, here, inRoot('node_modules/esbuild/package.json')],
    outputs: serverEntries.flatMap((name) => [`${name}.js`, `${name}.d.ts`]).map((name) => join(folder, name)),
  };
  const made = await unlessFresh(fresh, async () => {
    const { build } = await import('esbuild');
    rmSync(folder, { recursive: true, force: true });
    await build({
      entryPoints: serverEntries.map((name) => join(sources, `${name}.ts`)),
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['ws'],
      charset: 'ascii',
      sourcemap: true,
      legalComments: 'none',
      logLevel: 'warning',
      logOverride: { 'duplicate-object-key': 'silent' },
      plugins: [wasmImports({ server: files }, compressed)],
    });
    const emitted = join(generated, 'server-declarations');
    rmSync(emitted, { recursive: true, force: true });
    const emit = ['--noEmit', 'false', '--outDir', emitted];
    await run(process.execPath, [packageProgram('typescript', 'tsc'), '-p', join(sources, 'tsconfig.json'), ...emit]);
    const declarations = join(emitted, 'npm/server');
    // Those that an entry refers to. The others are of the build alone.
    const reached = new Set(serverEntries);
    for (const name of reached) {
      const text = readFileSync(join(declarations, `${name}.d.ts`), 'utf8');
      writeFileSync(join(folder, `${name}.d.ts`), text);
      for (const [, next] of text.matchAll(/from '\.\/([\w-]+)\.js'/g)) reached.add(next);
    }
  });
  return made ? 'written' : 'is up to date';
}
