// Measures what each entry costs an app, and holds it against `budget.json`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { Failure } from '../lib/log.mjs';
import { dist, inRoot } from '../lib/paths.mjs';
import { entries } from './bundle.mjs';

export const brotli = (data) =>
  brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  }).length;
const gzip = (data) => gzipSync(data, { level: 9 }).length;

/** What an app ships that imports these entries from a folder like `dist`: its script with its source map. */
export async function shipped(names, folder = dist) {
  const { build } = await import('esbuild');
  const contents = names.map((name, index) => `export * as entry${index} from './${name}.js';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents: names.length === 1 ? `export * from './${names[0]}.js';` : contents, resolveDir: folder },
    outfile: 'app.js',
    write: false,
    bundle: true,
    format: 'esm',
    minify: true,
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'error',
  });
  const [map, code] = ['.map', '.js'].map((end) => outputFiles.find(({ path }) => path.endsWith(end)));
  return { code: code.contents, map: map.text };
}

/** The sizes of what an app loads for one entry: its script, and the module where that is a file of its own. */
export async function measure(entry, folder = dist) {
  const { code } = await shipped([entry], folder);
  const files = entry === 'slim' ? [code, readFileSync(join(folder, 'undrop.wasm'))] : [code];
  const sum = (measure) => files.reduce((total, file) => total + measure(file), 0);
  return { raw: sum((file) => file.length), gzip: sum(gzip), brotli: sum(brotli) };
}

export async function checkSizes() {
  const budget = JSON.parse(readFileSync(inRoot('budget.json'), 'utf8')).entries;
  const columns = ['raw', 'gzip', 'brotli'];
  const over = Object.keys(budget)
    .filter((name) => !entries.includes(name))
    .map((name) => `budget.json names ${name}, which is no entry`);
  console.log(line('', columns, 'budget (brotli)'));
  for (const entry of entries) {
    const size = await measure(entry);
    const most = budget[entry].brotli;
    console.log(
      line(
        entry,
        columns.map((column) => number(size[column])),
        number(most),
      ),
    );
    if (size.brotli > most) over.push(`${entry} has ${number(size.brotli)} bytes, its budget is ${number(most)}`);
  }
  if (over.length > 0)
    throw new Failure(
      `Too large: ${over.join('; ')}.\n  Make it smaller; raising budget.json is for a reviewer to allow.`,
    );
  return 'all within budget';
}

const number = (value) => value.toLocaleString('en');
const line = (name, columns, budget) =>
  `  ${name.padEnd(12)}${columns.map((text) => text.padStart(10)).join('')}${budget.padStart(18)}`;
