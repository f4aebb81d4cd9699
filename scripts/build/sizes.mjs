// Measures what each entry costs a page, and holds it against `budget.json`.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { Failure } from '../lib/log.mjs';
import { dist, inRoot } from '../lib/paths.mjs';

/** The files that a page loads for each entry. */
const entries = {
  index: ['index.js'],
  slim: ['slim.js', 'undrop.wasm'],
  messages: ['messages.js'],
  session: ['session.js'],
  all: ['all.js'],
};
const rows = { ...entries, 'wasm alone': ['undrop.wasm'] };

export const brotli = (data) =>
  brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  }).length;
const gzip = (data) => gzipSync(data, { level: 9 }).length;

export function checkSizes() {
  const budget = JSON.parse(readFileSync(inRoot('budget.json'), 'utf8')).entries;
  const sizes = Object.entries(rows).map(([name, files]) => ({ name, ...measure(files) }));
  const columns = ['raw', 'gzip', 'brotli'];
  console.log(line('', columns, 'budget (brotli)'));
  for (const size of sizes) {
    console.log(
      line(
        size.name,
        columns.map((column) => number(size[column])),
        number(budget[size.name]?.brotli),
      ),
    );
  }
  const over = sizes.flatMap((size) =>
    Object.entries(budget[size.name] ?? {})
      .filter(([column, most]) => size[column] > most)
      .map(
        ([column, most]) => `${size.name} has ${number(size[column])} bytes ${column}, its budget is ${number(most)}`,
      ),
  );
  for (const name of Object.keys(budget))
    if (!(name in rows)) over.push(`budget.json names ${name}, which is no entry`);
  if (over.length > 0)
    throw new Failure(
      `Too large: ${over.join('; ')}.\n  Make it smaller; raising budget.json is for a reviewer to allow.`,
    );
  return 'all within budget';
}

function measure(files) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const data = readFileSync(join(dist, file));
    total.raw += data.length;
    total.gzip += gzip(data);
    total.brotli += brotli(data);
  }
  return total;
}

const number = (value) => value?.toLocaleString('en') ?? '';
const line = (name, columns, budget) =>
  `  ${name.padEnd(12)}${columns.map((text) => text.padStart(10)).join('')}${budget.padStart(18)}`;
