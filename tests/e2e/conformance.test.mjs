// Is ours the browser's own class, as far as a page can tell? Every case of tests/conformance, in every scope of both
// browsers, against the same browser's native class. While at work on one thing, name it:
// BROWSER=Firefox SCOPE=window CASES='close arguments:' node --test tests/e2e/conformance.test.mjs

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { knownDifferences } from '../conformance/known-differences.js';
import { browsers } from '../support/browsers.mjs';
import { scopes, startConformance } from '../support/conformance.mjs';

// A wrapper that copies events fails these many of the window's cases; fewer would mean that the table has gone soft.
const NAIVE_FAILURES = 120;

const server = await startTestServer();
const conformance = await startConformance(server, ['native', 'undrop', 'naive']);
after(() => Promise.all([conformance.stop(), server.stop()]));

// Events that the naive one never gets need not be waited for.
const impatient = { timeout: 1_000 };

const { BROWSER, SCOPE, CASES } = process.env;
const chosen = (all, one) => all.filter((name) => !one || name === one);

const results = await Promise.all(
  chosen(Object.keys(browsers), BROWSER).map(async (name) => [name, await runAll(browsers[name])]),
);

for (const [browser, { failure, observed, naive }] of results) {
  describe(browser, () => {
    it('runs the whole table in every scope', () => assert.ifError(failure));
    for (const [scope, { native, undrop }] of Object.entries(observed)) {
      describe(scope, () => compare(native, undrop));
    }
    if (!naive || CASES) return;
    it('the table tells a naive wrapper from the native class', () => {
      const { native } = observed.window;
      const caught = Object.keys(native).filter(
        (name) => !isDeepStrictEqual(naive[name]?.observed, native[name].observed),
      );
      console.log(`${browser}: a naive wrapper fails ${caught.length} of ${Object.keys(native).length} cases`);
      assert.ok(caught.length >= NAIVE_FAILURES, `only ${caught.length} cases: ${caught.join('\n')}`);
    });
  });
}

async function runAll(start) {
  const observed = {};
  try {
    for (const scope of chosen(scopes, SCOPE)) observed[scope] = await runEach(start, scope, ['native', 'undrop']);
    const { naive } = observed.window ? await runEach(start, 'window', ['naive'], impatient) : {};
    return { observed, naive };
  } catch (failure) {
    return { observed, failure };
  }
}

/** A fresh browser for each scope, so that no scope suffers from what another left behind. */
async function runEach(start, scope, classes, settings) {
  const browser = await start();
  try {
    const results = {};
    for (const name of classes)
      results[name] = await conformance.run(browser, name, scope, { only: CASES, ...settings });
    return results;
  } finally {
    await browser.quit();
  }
}

function compare(native, undrop) {
  for (const [name, { observed, expected }] of Object.entries(native)) {
    it(name, () => {
      if (expected !== undefined)
        assert.deepEqual(observed, expected, "the browser's own class is not to the standard");
      const ours = undrop[name]?.observed;
      if (name in knownDifferences) {
        assert.notDeepEqual(ours, observed, 'no difference any more: take it off the list of known ones');
      } else {
        assert.deepEqual(ours, observed);
      }
    });
  }
}
