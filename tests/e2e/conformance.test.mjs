// Does a page find a difference between the browser's own class and ours? Every case of tests/conformance runs against the
// class of each entry, a class of `with` and the native one, in both browsers: in a window, and for some entries in each
// kind of worker. To run a part of it:
// BROWSER=Firefox SCOPE=window ENTRY=session CASES='close arguments:' node --test tests/e2e/conformance.test.mjs

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { knownDifferences } from '../conformance/known-differences.js';
import { browsers } from '../support/browsers.mjs';
import { conforming, scopes, startConformance } from '../support/conformance.mjs';

// A wrapper that copies events fails so many of the window's cases. Fewer would mean that the table finds less.
const NAIVE_FAILURES = 120;

const server = await startTestServer();
const conformance = await startConformance(server, ['native', 'naive', ...conforming]);
after(() => Promise.all([conformance.stop(), server.stop()]));

// The naive wrapper never gets some events.
const shortTimeout = { timeout: 1_000 };

/** Those that run in workers too: one of each of the two builds of the wasm. */
const IN_WORKERS = ['index', 'all'];

const { BROWSER, SCOPE, ENTRY, CASES } = process.env;
const chosen = (all, one) => all.filter((name) => !one || name === one);

const results = await Promise.all(
  chosen(Object.keys(browsers), BROWSER).map(async (name) => [name, await runAll(browsers[name])]),
);

for (const [browser, { failure, observed, naive }] of results) {
  describe(browser, () => {
    it('runs the whole table in every scope', () => assert.ifError(failure));
    for (const [scope, { native, ...ours }] of Object.entries(observed))
      describe(scope, () => {
        for (const [entry, results] of Object.entries(ours))
          describe(entry, () => compare(native, results, knownDifferences[entry]));
      });
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
    for (const scope of chosen(scopes, SCOPE)) {
      const ours = chosen(scope === 'window' ? conforming : IN_WORKERS, ENTRY);
      observed[scope] = await runEach(start, scope, ['native', ...ours]);
    }
    const { naive } = observed.window ? await runEach(start, 'window', ['naive'], shortTimeout) : {};
    return { observed, naive };
  } catch (failure) {
    return { observed, failure };
  }
}

/**
 * A fresh browser for each class, so that none is affected by what another left: Firefox keeps the TCP connections of
 * handshakes that are never answered, and has at most six to a host.
 */
async function runEach(start, scope, classes, settings) {
  const results = {};
  for (const name of classes) {
    const browser = await start();
    try {
      results[name] = await conformance.run(browser, name, scope, { only: CASES, ...settings });
    } finally {
      await browser.quit();
    }
  }
  return results;
}

function compare(native, ours, known) {
  for (const [name, { observed, expected }] of Object.entries(native)) {
    it(name, () => {
      if (expected !== undefined)
        assert.deepEqual(observed, expected, "the browser's own class is not to the standard");
      const found = ours[name]?.observed;
      if (name in known)
        assert.notDeepEqual(found, observed, 'no difference any more: take it off the list of known ones');
      else assert.deepEqual(found, observed);
    });
  }
}
