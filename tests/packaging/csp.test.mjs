// The package in a page whose Content-Security-Policy is as strict as WebAssembly bears, and in pages that do not let it
// compile its module: the error says why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEchoes, useBrowser, visit } from './support/browser.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

const enough = "script-src 'self' 'wasm-unsafe-eval'";
const tooLittle = "script-src 'self'";

useBrowser();

for (const entry of entries) {
  test(`${entry.name} works in a page with ${enough}`, async () => {
    await whenServed(entry, enough, (url) => assertEchoes(url, entry));
  });

  test(`${entry.name} says what is missing in a page with ${tooLittle}`, async () => {
    const { shown } = await whenServed(entry, tooLittle, (url) => visit(url));
    assert.match(shown, /^Error: .*'wasm-unsafe-eval'/);
  });

  test(`${entry.name} says which browser it needs in one that compiles small modules alone`, async () => {
    const { shown } = await whenServed(entry, enough, (url) => visit(url, { first: likeOldChromium }));
    assert.match(shown, /^Error: .*Chromium.* 115/);
    assert.doesNotMatch(shown, /Content-Security-Policy/);
  });
}

/** Before version 115 it did neither of the two on the main thread with more than 4 KB. */
const likeOldChromium = () => {
  for (const name of ['Module', 'Instance'])
    WebAssembly[name] = new Proxy(WebAssembly[name], {
      construct() {
        throw new RangeError(
          `WebAssembly.${name} is disallowed on the main thread, if the buffer size is larger than 4KB.`,
        );
      },
    });
};

const whenServed = async (entry, csp, look) =>
  whileServed(await project('no-bundler', entry), (url) => look(`${url}by-path.html`), { csp });
