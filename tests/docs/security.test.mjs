// Each promise of SECURITY.md names the tests that hold it, and those exist.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { page } from './support/pages.mjs';

const [, part] = page('SECURITY.md').text.split('## What the server promises\n');
const rows = part
  .split('\n## ')[0]
  .split('\n')
  .filter((line) => /^\| [^|]/.test(line))
  .map((line) => line.split('|').slice(1, 3));

for (const [promise, tests] of rows) {
  test(`there is a test for: ${promise.trim()}`, () => {
    const names = [...tests.matchAll(/`([\w./-]+\.(?:rs|mjs))`: ((?:`\w+`(?:, )?)+)/g)].flatMap(([, file, list]) =>
      [...list.matchAll(/`(\w+)`/g)].map(([, name]) => [file, name]),
    );
    assert.ok(names.length > 0, 'it names none');
    assert.deepEqual(
      names.filter(([file, name]) => !holds(file, name)).map((missing) => missing.join(': ')),
      [],
    );
  });
}

function holds(file, name) {
  if (!existsSync(inRoot(file))) return false;
  const text = readFileSync(inRoot(file), 'utf8');
  const declared = file.endsWith('.rs')
    ? `#\\[(?:tokio::)?test[^\\]]*\\]\\s+(?:async )?fn ${name}\\(`
    : `check\\('${name}'`;
  return new RegExp(declared).test(text);
}
