// What each trick of the build earns: the bytes of `undrop/session` when its module is built without it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { bundleInto } from '../../scripts/build/bundle.mjs';
import { measure } from '../../scripts/build/sizes.mjs';
import { copyLess, erasePanicTexts, optimizeTwice, shortenNames, silencePanics } from '../../scripts/build/tricks.mjs';
import { filesOf, makeModule } from '../../scripts/build/wasm.mjs';

/** A trick that earns less is not worth its code. */
const LEAST = 300;

let bytes;

before(async () => {
  bytes = (await measure('session')).brotli;
});

for (const trick of [copyLess, silencePanics, erasePanicTexts, optimizeTwice, shortenNames]) {
  test(`${trick.name} earns at least ${LEAST} bytes`, async (context) => {
    await makeModule('session', trick);
    const files = filesOf('session', trick);
    const folder = join(files.folder, 'dist');
    await bundleInto(folder, { plain: filesOf('plain'), session: files });
    const earned = (await measure('session', folder)).brotli - bytes;
    context.diagnostic(`${trick.name} earns ${earned.toLocaleString('en')} bytes of ${bytes.toLocaleString('en')}`);
    assert.ok(earned >= LEAST, `it earns ${earned} bytes: build without it`);
  });
}
