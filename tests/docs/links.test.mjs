// A link within the project leads somewhere, and a file that a page names exists.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { page, pages } from './support/pages.mjs';

for (const { name, prose } of pages) {
  test(`the links of ${name} lead somewhere`, () => {
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
      .map(([, link, picture]) => link ?? picture)
      .filter((link) => !/^[a-z]+:/.test(link) && !leads(name, link));
    assert.deepEqual(broken, []);
  });
}

/** Their figures are as old as their last run. */
const measured = ['docs/size.md', 'docs/benchmarks.md'];

for (const { name, prose } of pages.filter(({ name }) => !measured.includes(name))) {
  test(`the files that ${name} names exist`, () => {
    const paths = [...prose.matchAll(/`((?:npm|src|proto|server|tests|tools|scripts|www)\/[\w./-]*\.\w+)`/g)];
    assert.deepEqual(
      paths.map(([, path]) => path).filter((path) => !existsSync(inRoot(path))),
      [],
    );
  });
}

function leads(from, link) {
  const [path, anchor] = link.split('#');
  const name = path ? join(dirname(from), path) : from;
  if (!existsSync(inRoot(name))) return false;
  return !anchor || page(name)?.headings.some(({ title }) => anchorOf(title) === anchor);
}

/** As GitHub makes it of a heading. */
const anchorOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
