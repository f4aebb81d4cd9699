// The package in a page whose Content-Security-Policy is as strict as WebAssembly bears, and in one that is too strict.

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
    const { shown } = await whenServed(entry, tooLittle, visit);
    assert.match(shown, /^Error: .*'wasm-unsafe-eval'/);
  });
}

const whenServed = async (entry, csp, look) =>
  whileServed(await project('no-bundler', entry), (url) => look(`${url}by-path.html`), { csp });
