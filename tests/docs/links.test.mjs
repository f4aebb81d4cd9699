// A link within the project leads somewhere.

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
