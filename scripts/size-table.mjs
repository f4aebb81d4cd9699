// `npm run size:table`: writes docs/size.md, where the bytes of the package go.
//
// The brotli column says by how much the file would be smaller without these bytes. What two parts have in common is in
// neither's, so the column's sum is less than the whole.

import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotli, shipped } from './build/sizes.mjs';
import { filesOf, optimizerArguments } from './build/wasm.mjs';
import { Failure, main } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';
import { packageProgram, run } from './lib/run.mjs';
import { setUpAndBuild } from './lib/setup.mjs';
import { pieces } from './sizes/source-map.mjs';
import { parts } from './sizes/wasm-parts.mjs';

/** In bytes. */
const LARGE = 150;

await main(async () => {
  await setUpAndBuild();
  const [plain, session] = [await nameModule('plain'), await nameModule('session')];
  const text = page([
    [
      'What a page loads of undrop',
      'The script of an app that imports `undrop` and nothing else, minified, by the file that its bytes came from.',
      await ofApp('index'),
    ],
    ['What a page loads of undrop/all', 'The same of `undrop/all`, which has everything.', await ofApp('all')],
    [
      'The module',
      'The same module with its names kept: its functions by the Rust module that they are of. What the compiler has inlined counts where it was put.',
      ofModule(plain, moduleOf),
    ],
    ['The module that can keep a session', 'That of `undrop/session` and `undrop/all`.', ofModule(session, moduleOf)],
    [
      'Its largest functions',
      `Those of at least ${LARGE} bytes.`,
      ofModule(session, functionOf).filter(({ name, raw }) => raw >= LARGE && name.startsWith('`')),
    ],
  ]);
  writeFileSync(inRoot('docs/size.md'), text);
  console.log(text);
});

async function ofApp(entry) {
  const { code, map } = await shipped([entry]);
  const bytes = Buffer.from(code);
  const found = [...pieces(bytes.toString('latin1'), map)];
  return table(bytes, grouped(found.flatMap(([source, list]) => list.map((piece) => [shortSource(source), piece]))));
}

/** With its names a module is larger, and otherwise the same. */
async function nameModule(kind) {
  const { folder, silent } = filesOf(kind);
  const named = join(folder, 'undrop.named.wasm');
  await run(process.execPath, [
    packageProgram('binaryen', 'wasm-opt'),
    silent,
    '-o',
    named,
    '-g',
    ...optimizerArguments(),
  ]);
  return readFileSync(named);
}

function ofModule(bytes, nameOf) {
  const all = parts(bytes);
  const found = grouped(all.map(({ name, begin, end }) => [nameOf(name), [begin, end]]));
  const kept = all.toSorted((a, b) => a.begin - b.begin).map(({ begin, end }) => [begin, end]);
  if (kept.length === 0) throw new Failure('The module has no parts');
  return table(bytes, found, kept);
}

/** The pieces of each name, in their order. */
function grouped(named) {
  const groups = new Map();
  for (const [name, piece] of named.toSorted(([, [one]], [, [other]]) => one - other)) {
    if (groups.has(name)) groups.get(name).push(piece);
    else groups.set(name, [piece]);
  }
  return groups;
}

/** `groups` are lists of `[begin, end]` in `bytes`, of which those in `kept` are the whole. */
function table(bytes, groups, kept = [[0, bytes.length]]) {
  const without = (left) =>
    Buffer.concat(kept.flatMap(([begin, end]) => outside(left, begin, end).map((one) => bytes.subarray(...one))));
  const whole = brotli(without([]));
  const rows = [...groups].map(([name, list]) => ({
    name,
    raw: list.reduce((sum, [begin, end]) => sum + end - begin, 0),
    brotli: whole - brotli(without(list)),
  }));
  const raw = rows.reduce((sum, row) => sum + row.raw, 0);
  return [...rows.toSorted((a, b) => b.brotli - a.brotli), { name: '**the whole**', raw, brotli: whole }];
}

/** What of `[begin, end]` is in none of the pieces, which are in order. */
function outside(left, begin, end) {
  const found = [];
  let at = begin;
  for (const [from, to] of left) {
    if (to <= at || from >= end) continue;
    found.push([at, from]);
    at = to;
  }
  return [...found, [at, end]];
}

function shortSource(source) {
  if (source === '') return 'between the files';
  if (source.startsWith('wasm:')) return 'the WebAssembly module';
  return source.endsWith('/undrop.bundled.js') ? "wasm-bindgen's JavaScript" : source.replace(/^(\.\.\/)+/, '');
}

/** `undrop_proto::queue::Queue<M>::push::h0123` is of `proto/src/queue`. */
function moduleOf(name) {
  if (name.startsWith('section ')) return name;
  const [, crate, path] = name.match(/\b(undrop|undrop_proto)::((?:[a-z_\d]+::)*[a-z_\d]+)(?=::)/) ?? [];
  if (path) return `${crate === 'undrop' ? 'src' : 'proto/src'}/${path.split('::').slice(0, 2).join('/')}`;
  // What JavaScript calls has the name that it is called by, and in it all that was put there.
  if (/^[a-z]+( .*shim)?$/i.test(name)) return 'src/js, and what it calls once';
  if (/wbindgen|wasm_bindgen|externref|__wbg/.test(name)) return 'wasm-bindgen';
  return "Rust's libraries";
}

/** Without the hash that tells it from its namesakes. */
function functionOf(name) {
  return name.startsWith('section ') ? name : `\`${name.replace(/::h[\da-f]{16}$/, '')}\``;
}

function page(sections) {
  const number = (value) => value.toLocaleString('en');
  const text = sections.map(([title, about, rows]) => {
    const lines = rows.map((row) => `| ${row.name} | ${number(row.raw)} | ${number(row.brotli)} |`);
    return `## ${title}\n\n${about}\n\n| | bytes | brotli |\n|---|---:|---:|\n${lines.join('\n')}\n`;
  });
  return `# Where the bytes go

Written by \`npm run size:table\`. The brotli column says by how much the file would be smaller without these bytes; what
two parts have in common is in neither's, so that the sum is less than the whole. \`npm run size\` has the whole of each entry
and its budget.

${text.join('\n')}`;
}
