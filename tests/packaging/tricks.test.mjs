// What each trick of the build earns: the bytes of `undrop` when its module is built without it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { bundleInto } from '../../scripts/build/bundle.mjs';
import { measure } from '../../scripts/build/sizes.mjs';
import { copyLess, shortenNames, silencePanics } from '../../scripts/build/tricks.mjs';
import { filesOf, makeModule } from '../../scripts/build/wasm.mjs';

/** A trick that earns less is not worth its code. */
const LEAST = 300;

let bytes;

before(async () => {
  bytes = (await measure('index')).brotli;
});

for (const trick of [copyLess, silencePanics, shortenNames]) {
  test(`${trick.name} earns at least ${LEAST} bytes`, async (context) => {
    await makeModule('plain', trick);
    const files = filesOf('plain', trick);
    const folder = join(files.folder, 'dist');
    await bundleInto(folder, { plain: files, session: filesOf('session') });
    const earned = (await measure('index', folder)).brotli - bytes;
    context.diagnostic(`${trick.name} earns ${earned.toLocaleString('en')} bytes of ${bytes.toLocaleString('en')}`);
    assert.ok(earned >= LEAST, `it earns ${earned} bytes: build without it`);
  });
}
