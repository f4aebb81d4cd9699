// What the list of failures at the end of a run says.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { countRustTests, listed } from './results.mjs';

const CARGO = `
running 3 tests
test tests::a_pong_is_counted ... ok
test tests::a_late_timer_probes ... FAILED
test tests::slow ... ignored

failures:

---- tests::a_late_timer_probes stdout ----

thread 'tests::a_late_timer_probes' (4242) panicked at proto/src/heartbeat.rs:12:9:
assertion failed: probed
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace


failures:
    tests::a_late_timer_probes

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
`;

it('a test of cargo that fails has its name and its panic, and one that is ignored fails too', () => {
  const { passed, failures } = countRustTests(CARGO);
  assert.equal(passed, 1);
  assert.deepEqual(
    failures.map(({ name }) => name),
    ['tests::a_late_timer_probes', 'an ignored test, which proves nothing'],
  );
  assert.match(failures[0].error, /panicked at proto\/src\/heartbeat\.rs:12:9:\nassertion failed: probed\n/);
});

it('a failed test that cargo printed nothing of counts', () => {
  const { failures } = countRustTests('test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured');
  assert.equal(failures.length, 2);
});

const NODE = `
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
describe('Chromium', () => {
  it('passes', () => {});
  describe('a page', () => it('fails', () => assert.equal(1 + 1, 3)));
});
describe('Firefox', () => {
  it('passes too', () => {});
  it('is left out', { skip: true }, () => {});
  after(() => { throw new Error('it does not quit'); });
});`;

const RUNNER = `
import { nodeFile } from ${JSON.stringify(new URL('javascript.mjs', import.meta.url))};
console.log(JSON.stringify(await nodeFile(...process.argv.slice(2))));`;

/** Runs the file of that text. It does so in a process of its own, as a test of Node runs no others. */
function runFile(text) {
  const folder = mkdtempSync(join(tmpdir(), 'undrop-results-'));
  try {
    const [runner, file] = ['runner.mjs', 'pages.test.mjs'].map((name) => join(folder, name));
    writeFileSync(runner, RUNNER);
    writeFileSync(file, text);
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const output = execFileSync(process.execPath, [runner, file, 'pages.test.mjs'], { env, encoding: 'utf8' });
    return JSON.parse(output.trimEnd().split('\n').at(-1));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('a test of Node that fails has its file, the suites around it, its name and its error', () => {
  const { passed, failures } = runFile(NODE);
  assert.equal(passed, 2);
  assert.deepEqual(
    failures.map(({ name }) => name),
    [
      'pages.test.mjs › Chromium › a page › fails',
      'pages.test.mjs › Firefox › is left out',
      'pages.test.mjs › Firefox',
    ],
  );
  assert.match(failures[0].error, /2 !== 3/);
  assert.match(failures[0].error, /pages\.test\.mjs:6:/);
  assert.equal(failures[1].error, 'was skipped, which proves nothing');
  assert.match(failures[2].error, /it does not quit/);
});

it('a test of Node that never ends has its name', () => {
  const { failures } = runFile("import { it } from 'node:test'; it('waits', () => new Promise(() => {}));");
  assert.deepEqual(
    failures.map(({ name }) => name),
    ['pages.test.mjs › waits'],
  );
});

it('a file that cannot be run fails by its name', () => {
  const { passed, failures } = runFile("import './missing.mjs';");
  assert.equal(passed, 0);
  assert.deepEqual(
    failures.map(({ name }) => name),
    ['pages.test.mjs'],
  );
  assert.match(failures[0].error, /Cannot find module/);
});

it('a long error is shortened', () => {
  const error = Array.from({ length: 20 }, (_, line) => `line ${line}`).join('\n\n');
  assert.deepEqual(listed('e2e', { name: 'fails', error }).split('\n'), [
    'e2e: fails',
    ...Array.from({ length: 8 }, (_, line) => `    line ${line}`),
    '    … and 12 lines more, above',
  ]);
});
