// The package in a page whose Content-Security-Policy is as strict as WebAssembly bears, and in one that is too strict.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertEchoes, useBrowser, visit } from './support/browser.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

const enough = "script-src 'self' 'wasm-unsafe-eval'";
const tooLittle = "script-src 'self'";
const pages = { undrop: 'by-path.html', 'undrop/slim': 'slim-by-path.html' };

let folder;

useBrowser();
before(async () => {
  folder = await project('no-bundler');
});

for (const [entry, page] of Object.entries(pages)) {
  test(`${entry} works in a page with ${enough}`, async () => {
    await whileServed(folder, (url) => assertEchoes(url + page), { csp: enough });
  });

  test(`${entry} says what is missing in a page with ${tooLittle}`, async () => {
    const { shown } = await whileServed(folder, (url) => visit(url + page), { csp: tooLittle });
    assert.match(shown, /^Error: .*'wasm-unsafe-eval'/);
  });
}
