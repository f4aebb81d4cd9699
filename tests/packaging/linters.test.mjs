// What the ecosystem's own checks say of the tarball.

import { before, test } from 'node:test';
import { root } from '../../scripts/lib/paths.mjs';
import { pack, tarball } from './support/project.mjs';
import { attw, publint } from './support/tools.mjs';

before(pack);

test('publint has nothing to say', async () => {
  await publint(root, 'run', tarball, '--strict');
});

test('every way to import the types as an ES module resolves, says Are The Types Wrong', async () => {
  // Not being asked for @types/undrop, it needs no network.
  await attw(root, tarball, '--profile', 'esm-only', '--no-definitely-typed');
});
