// docs/api.md says what the types say.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reference, referencePath } from '../../scripts/docs/reference.mjs';

test('docs/api.md is what `npm run docs` writes', () => {
  assert.ok(readFileSync(referencePath, 'utf8') === reference(), 'docs/api.md is not fresh: run `npm run docs`');
});
