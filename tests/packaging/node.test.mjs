// The package where there is no browser, as in server-side rendering: to import it does nothing and throws nothing.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { project } from './support/project.mjs';
import { node } from './support/run.mjs';

let folder;

before(async () => {
  folder = await project('node');
});

test('both entries can be imported in Node, in silence and without a trace', async () => {
  assert.equal(await node('import.js', [], { cwd: folder }), '');
});

test('both entries can be imported in a worker thread of Node, in silence and without a trace', async () => {
  assert.equal(await node('worker.js', [], { cwd: folder }), '');
});

test('Node requires the package where it requires ES modules, and refuses as it always does where not', async () => {
  assert.equal(await node('require.cjs', [], { cwd: folder }), '');
});
