// The package in a project that is built with webpack, without any configuration; terser minifies what it builds.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertEchoes, useBrowser } from './support/browser.mjs';
import { assertWithoutUndrop, wasmFilesIn, writePage } from './support/bundles.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';
import { installTools, webpack } from './support/tools.mjs';

useBrowser();
before(installTools);

for (const entry of entries) {
  // In its development build all is in calls of eval.
  for (const mode of ['production', 'development'])
    test(`a page of webpack's ${mode} build exchanges a message by ${entry.name}`, async () => {
      const built = await build('page', mode, entry);
      assert.equal(wasmFilesIn(built).length, entry.loadsWasm ? 1 : 0);
      await whileServed(built, (url) => assertEchoes(url, entry));
    });

  test(`nothing of ${entry.name} is in webpack's build of a page that imports it in vain`, async () => {
    const built = await build('unused', 'production', entry);
    // Some 1,000 are webpack's own for undrop/slim, a module that awaits something.
    assertWithoutUndrop(built, { most: entry.loadsWasm ? 1_300 : 100 });
    assert.deepEqual(wasmFilesIn(built), []);
  });
}

async function build(fixture, mode, entry) {
  const folder = await project(fixture, entry);
  const output = await webpack(folder, '--mode', mode);
  assert.doesNotMatch(output, /warning/i);
  const built = join(folder, 'dist');
  writePage(built, '<script src="main.js"></script>');
  return built;
}
