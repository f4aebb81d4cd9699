// Bundles the entries of `npm/` into `dist`: a file for each, and chunks of what several have in common, so that an app
// that imports two entries has one copy of that. Writes the types as well.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unlessFresh } from '../lib/fresh.mjs';
import { Failure } from '../lib/log.mjs';
import { dist, generated, inRoot } from '../lib/paths.mjs';
import { packageProgram, run } from '../lib/run.mjs';
import { shifted } from '../sizes/source-map.mjs';
import { inlined } from './inline.mjs';
import { filesOf } from './wasm.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
export const entries = ['index', 'slim', 'messages', 'session', 'all'];
const sources = inRoot('npm');
/** The JavaScript of the crate. */
const snippets = readdirSync(inRoot('src'), { recursive: true })
  .filter((name) => name.endsWith('.js'))
  .map((name) => inRoot('src', name));
const modules = { plain: filesOf('plain'), session: filesOf('session') };

export async function bundle() {
  const files = {
    stamp: join(generated, 'bundle.stamp'),
    inputs: [
      sources,
      ...snippets,
      ...Object.values(modules).flatMap(({ glue, optimized, bindings }) => [
        glue,
        optimized,
        join(bindings, 'snippets'),
      ]),
      here,
      inRoot('node_modules/esbuild/package.json'),
    ],
    outputs: [...entries.flatMap((name) => [`${name}.js`, `${name}.js.map`]), 'undrop.wasm'].map((name) =>
      join(dist, name),
    ),
  };
  const made = await unlessFresh(files, () => bundleInto(dist, modules));
  return made ? `${readdirSync(dist).filter((name) => name.endsWith('.js')).length} files` : 'is up to date';
}

/** Writes the scripts of all entries, with these modules, and nothing else into a folder. */
export async function bundleInto(folder, modules) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: entries.map((name) => join(sources, `${name}.ts`)),
    outdir: folder,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    sourcesContent: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
    // wasm-bindgen names a module twice in its import object.
    logOverride: { 'duplicate-object-key': 'silent' },
    plugins: [wasmImports(modules)],
  });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(modules.plain.optimized, join(folder, 'undrop.wasm'));
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const names = chunkNames(metafile);
  const renamed = (text) => text.replace(/chunk-[A-Z\d]{8}(?=\.js)/g, (name) => names.get(name));
  for (const [name, text] of texts) {
    if (name.endsWith('.map')) continue;
    // An import for its effects alone imports nothing: there are no effects.
    const code = renamed(text.replace(/import"\.\/chunk-\w+\.js";/g, ''));
    const [imports] = text.match(/^(import[^;]*;)*/);
    const [newImports] = code.match(/^(import[^;]*;)*/);
    writeFileSync(join(folder, renamed(name)), code);
    writeFileSync(
      join(folder, `${renamed(name)}.map`),
      shifted(texts.get(`${name}.map`), newImports.length - imports.length),
    );
  }
}

/**
 * Names each chunk by the entries that load it, where esbuild has a hash that changes with each build. No two chunks are
 * loaded by the same entries.
 */
function chunkNames({ outputs }) {
  const loadedBy = new Map();
  for (const entry of entries) {
    const reached = new Set(Object.keys(outputs).filter((path) => basename(path) === `${entry}.js`));
    for (const path of reached) for (const { path: next } of outputs[path].imports) reached.add(next);
    for (const path of reached) loadedBy.set(path, [...(loadedBy.get(path) ?? []), entry]);
  }
  const name = (loaders) => (loaders.length === entries.length ? 'chunk' : `chunk-${loaders.join('-')}`);
  return new Map([...loadedBy].map(([path, loaders]) => [basename(path, '.js'), name(loaders)]));
}

/**
 * The imports whose names begin with `#`. `#wasm/plain` has what the module exports, and `initSync`; the default export of
 * `#wasm/plain/bytes` is the function that decodes the module, as `inline` writes it; `#native` is the JavaScript of the crate.
 */
export function wasmImports(modules, inline = inlined) {
  const moduleOf = (path) => modules[path.split('/')[1]];
  const native = { path: inRoot('src/socket/native.js') };
  return {
    name: 'wasm',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^#wasm\// }, ({ path }) => ({ path, namespace: 'wasm', sideEffects: false }));
      onLoad({ filter: /^#wasm\/\w+$/, namespace: 'wasm' }, ({ path }) => ({
        // Without the default export, which loads a module asynchronously.
        contents: `export * from './${basename(moduleOf(path).glue)}';`,
        resolveDir: moduleOf(path).bindings,
      }));
      onLoad({ filter: /^#wasm\/\w+\/bytes$/, namespace: 'wasm' }, ({ path }) => ({
        contents: inline(readFileSync(moduleOf(path).optimized)),
        resolveDir: sources,
      }));
      onResolve({ filter: /^#native$/ }, () => native);
      // wasm-bindgen has copied the JavaScript of the crate for each module, but it has to be the same for all.
      onResolve({ filter: /^\.\/snippets\/undrop-[\da-f]+\// }, ({ path }) => ({
        path: inRoot(path.replace(/^\.\/snippets\/[^/]+\//, '')),
      }));
    },
  };
}

export async function declarations() {
  const project = join(sources, 'tsconfig.json');
  const emitted = join(generated, 'declarations');
  const files = {
    stamp: join(generated, 'declarations.stamp'),
    inputs: [
      sources,
      ...snippets,
      ...Object.values(modules).map(({ types }) => types),
      inRoot('node_modules/typescript/package.json'),
      here,
    ],
    outputs: entries.map((name) => join(dist, `${name}.d.ts`)),
  };
  const made = await unlessFresh(files, async () => {
    rmSync(emitted, { recursive: true, force: true });
    const emit = ['--noEmit', 'false', '--outDir', emitted];
    await run(process.execPath, [packageProgram('typescript', 'tsc'), '-p', project, ...emit]);
    copyReachable(join(emitted, 'npm'));
  });
  return made ? 'written' : 'are up to date';
}

/**
 * Copies to `dist` the declarations that those of an entry refer to. The others describe files that are part of the
 * bundles; no public type refers to the registry, so its declarations are among them.
 */
function copyReachable(folder) {
  for (const name of readdirSync(dist)) if (name.endsWith('.d.ts')) rmSync(join(dist, name));
  const reached = new Set(entries);
  for (const name of reached) {
    const text = readFileSync(join(folder, `${name}.d.ts`), 'utf8');
    if (/from '#/.test(text))
      throw new Failure(`npm/${name}.ts is part of the public types, but refers to the build's own`);
    writeFileSync(join(dist, `${name}.d.ts`), text);
    for (const [, next] of text.matchAll(/from '\.\/([\w-]+)\.js'/g)) reached.add(next);
  }
}
