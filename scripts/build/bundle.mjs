// Bundles each entry of `npm/` into one file of `dist`, with the module inlined or beside it, and writes the types.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unlessFresh } from '../lib/fresh.mjs';
import { Failure } from '../lib/log.mjs';
import { dist, generated, inRoot } from '../lib/paths.mjs';
import { packageProgram, run } from '../lib/run.mjs';
import { base64, latin1, printable } from './inline.mjs';
import { brotli } from './sizes.mjs';
import { filesOf } from './wasm.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const entries = ['index', 'slim', 'messages', 'session', 'all'];
/** Only these have the module that can keep a session. */
const keepsSession = (entry) => entry === 'session' || entry === 'all';
const moduleOf = (entry) => filesOf(keepsSession(entry) ? 'session' : 'plain');
const modules = [filesOf('plain'), filesOf('session')];
const sources = inRoot('npm');
const registry = inRoot('src/messages');

export async function bundle() {
  const files = {
    stamp: join(generated, 'bundle.stamp'),
    inputs: [
      sources,
      registry,
      inRoot('src/browser'),
      ...modules.flatMap(({ glueFolder, optimized }) => [glueFolder, optimized]),
      here,
      inRoot('node_modules/esbuild/package.json'),
      inRoot('node_modules/terser/package.json'),
    ],
    outputs: [...entries.flatMap((name) => [`${name}.js`, `${name}.js.map`]), 'undrop.wasm'].map((name) =>
      join(dist, name),
    ),
  };
  let outcome = 'is up to date';
  await unlessFresh(files, async () => {
    rmSync(dist, { recursive: true, force: true });
    mkdirSync(dist, { recursive: true });
    copyFileSync(moduleOf('slim').optimized, join(dist, 'undrop.wasm'));
    await build('slim');
    for (const entry of ['messages', 'session', 'all']) await build(entry, printable);
    outcome = await buildInlined('index');
  });
  return outcome;
}

export async function declarations() {
  const project = join(sources, 'tsconfig.json');
  const emitted = join(generated, 'declarations');
  const files = {
    stamp: join(generated, 'declarations.stamp'),
    inputs: [sources, registry, inRoot('node_modules/typescript/package.json'), here],
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
    writeFileSync(join(dist, `${name}.d.ts`), text);
    for (const [, next] of text.matchAll(/from '\.\/([\w-]+)\.js'/g)) reached.add(next);
  }
}

/** Tries each way to inline the module and keeps `printable`, unless it has stopped to be the smallest of the safe ones. */
async function buildInlined(entry) {
  const sizes = {};
  for (const encoding of [base64, latin1, printable]) {
    await build(entry, encoding);
    sizes[encoding.name] = brotli(readFileSync(join(dist, `${entry}.js`)));
  }
  if (sizes.base64 < sizes.printable) throw new Failure('base64 has become smaller than `printable`: use it');
  const figures = Object.entries(sizes).map(([name, size]) => `${name} ${size.toLocaleString('en')}`);
  return `inlined as printable characters; brotli bytes of the entry: ${figures.join(', ')}`;
}

/**
 * Properties that only the files of one bundle know of, so that their names may be shortened: none of the page's, the
 * server's or the browser's own has such a name. Most names of the package are of the other kind, and one that is not
 * here is merely longer.
 */
const internal = [
  // of a carrier
  ...['act', 'dispatch', 'isLive', 'line', 'lose', 'mailbox', 'protocols', 'revive', 'socket', 'tap', 'told', 'wait'],
  // of a registration
  ...['callback', 'listener', 'options'],
  // of a mailbox, and of what it wants of its carrier
  ...['admits', 'attach', 'ends', 'giveBack', 'knows', 'number', 'opens', 'post', 'recall'],
  // of typed messages, and of what they want of the socket
  ...['dropped', 'handler', 'left', 'listen', 'onEnd', 'receive', 'undo'],
];

async function build(entry, encoding) {
  const { build } = await import('esbuild');
  const file = `${entry}.js`;
  const { outputFiles } = await build({
    entryPoints: [join(sources, `${entry}.ts`)],
    outfile: join(dist, file),
    write: false,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    sourcesContent: true,
    charset: encoding === latin1 ? 'utf8' : 'ascii',
    mangleProps: new RegExp(`^(${internal.join('|')})$`),
    legalComments: 'none',
    logLevel: 'warning',
    // What is for a session only leaves the others without a trace.
    define: { SESSION: `${keepsSession(entry)}` },
    plugins: [wasm(moduleOf(entry), encoding)],
  });
  const [map, code] = ['.map', '.js'].map((end) => outputFiles.find(({ path }) => path.endsWith(end)).text);
  const smaller = await squeeze(code, map, file, encoding !== latin1);
  writeFileSync(join(dist, file), smaller.code);
  writeFileSync(join(dist, `${file}.map`), smaller.map);
}

/** Terser still finds something after esbuild. */
async function squeeze(code, content, file, asciiOnly) {
  const { minify } = await import('terser');
  return minify(code, {
    ecma: 2020,
    module: true,
    toplevel: true,
    compress: { passes: 3 },
    format: { ascii_only: asciiOnly },
    sourceMap: { content, filename: file, url: `${file}.map`, includeSources: true },
  });
}

/** The JavaScript of the crate itself. wasm-bindgen has copied it for its glue, but there has to be one of each. */
const snippets = { '#native': 'src/browser/native.js', '#carriers': 'src/export/carriers.js' };

/** `#wasm` is wasm-bindgen's glue, `#wasm/bytes` the module itself, decoded from a string when it is asked for. */
function wasm({ glue, optimized }, encoding) {
  return {
    name: 'wasm',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^#wasm$/ }, () => ({ path: glue, sideEffects: false }));
      onResolve({ filter: /^#wasm\/bytes$/ }, () => ({
        path: 'undrop.wasm',
        namespace: 'inlined',
        sideEffects: false,
      }));
      for (const [name, path] of Object.entries(snippets))
        onResolve({ filter: new RegExp(`^${name}$|/snippets/.*${path}$`) }, () => ({ path: inRoot(path) }));
      onLoad({ filter: /.*/, namespace: 'inlined' }, () => ({
        contents: encoding(readFileSync(optimized)),
        loader: 'js',
      }));
    },
  };
}
