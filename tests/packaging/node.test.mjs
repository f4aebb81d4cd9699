// The package where there is no browser, as in server-side rendering: to import it does nothing and throws nothing.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { entries } from './support/entries.mjs';
import { project } from './support/project.mjs';
import { node } from './support/run.mjs';

const imported = entries.map(({ name }) => name);

let folder;

before(async () => {
  folder = await project('node');
});

test('each entry can be imported in Node, in silence and without a trace', async () => {
  assert.equal(await node('import.js', imported, { cwd: folder }), '');
});

test('each entry can be imported in a worker thread of Node, in silence and without a trace', async () => {
  assert.equal(await node('worker.js', imported, { cwd: folder }), '');
});

test('Node requires the package where it requires ES modules, and refuses as it always does where not', async () => {
  assert.equal(await node('require.cjs', imported, { cwd: folder }), '');
});
