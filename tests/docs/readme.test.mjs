// The README in its two languages, and its figures.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { page } from './support/pages.mjs';

const english = page('README.md');
const chinese = page('README.zh-CN.md');

test('the Chinese README has the headings of the English one', () => {
  const levels = ({ headings }) => headings.map(({ level }) => level);
  assert.deepEqual(levels(chinese), levels(english));
});

test('the Chinese README has the code of the English one', () => {
  const code = ({ blocks }) => blocks.map(({ language, code }) => [language, code]);
  assert.deepEqual(code(chinese), code(english));
});

test('the Chinese README has the tables of the English one, row by row', () => {
  assert.deepEqual(tables(chinese), tables(english));
});

test('the Chinese README leads to what the English one leads to', () => {
  const links = ({ prose }) => [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link.replace(/#.*/, '')).sort();
  assert.deepEqual(
    links(chinese).filter((link) => link !== 'README.md'),
    links(english).filter((link) => link !== 'README.zh-CN.md'),
  );
});

for (const { name, prose } of [english, chinese]) {
  test(`the sizes in ${name} are those of budget.json`, () => {
    const { entries } = JSON.parse(readFileSync(inRoot('budget.json'), 'utf8'));
    const expected = Object.entries(entries).map(([name, { brotli }]) => [
      name === 'index' ? 'undrop' : `undrop/${name}`,
      brotli.toLocaleString('en'),
    ]);
    const found = [...prose.matchAll(/^\| `(undrop[\w/]*)` \|.*\| ([\d,]+) \|$/gm)].map(([, ...row]) => row);
    assert.deepEqual(found, expected);
  });
}

/** How many columns each row has, and the code in its first cell. */
const tables = ({ prose }) =>
  prose
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|'))
    .map((cells) => [cells.length, ...(cells[1].match(/`[^`]+`/g) ?? [])]);
