// Writes the sizes of the entries into the tables of README.md and its translation, between two marks.

import { readFileSync, writeFileSync } from 'node:fs';
import { measure } from '../build/sizes.mjs';
import { inRoot } from '../lib/paths.mjs';

const PAGES = ['README.md', 'README.zh-CN.md'];
const TABLE = /(?<=<!-- size -->\n).*(?=<!-- \/size -->)/s;
/** A row: the entry, what it is, its size, its budget. */
const ROW = /^\| `undrop\/?(\w*)` \| (.*) \| .* \| .* \|$/gm;

const number = (value) => value.toLocaleString('en');

export async function writeSizes() {
  const { entries } = JSON.parse(readFileSync(inRoot('budget.json'), 'utf8'));
  const sizes = {};
  for (const entry of Object.keys(entries)) sizes[entry] = (await measure(entry)).brotli;
  for (const page of PAGES) {
    const text = readFileSync(inRoot(page), 'utf8');
    const table = text.match(TABLE)[0].replace(ROW, (_, path, about) => {
      const entry = path || 'index';
      const name = path ? `undrop/${path}` : 'undrop';
      return `| \`${name}\` | ${about} | ${number(sizes[entry])} | ${number(entries[entry].brotli)} |`;
    });
    writeFileSync(inRoot(page), text.replace(TABLE, table));
  }
}
