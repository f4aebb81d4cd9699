// Counts what test runners report. A runner that reports nothing, or dies, is a failure; so is a test that did not run.
// A result is `{ passed, failed, parts }`; each part has a name and took some seconds.

import { red, report, secondsSince } from '../lib/log.mjs';
import { print } from '../lib/output.mjs';
import { tee } from '../lib/run.mjs';

/** Runs a command that is one check: passed, or failed. */
export async function check(name, program, args, options) {
  const start = performance.now();
  const { code } = await tee(program, args, options);
  const parts = [part(name, secondsSince(start))];
  return code === 0 ? { passed: 1, failed: 0, parts } : { ...failure(name), parts };
}

/**
 * Runs a command that prints Rust's `test result:` lines, as `cargo test` and wasm-bindgen's runner do. Without any it
 * has failed.
 */
export async function rustTests(name, program, args, options) {
  const start = performance.now();
  const { code, text } = await tee(program, args, options);
  const { passed, failed } = countRustTests(text);
  const parts = rustParts(name, text, secondsSince(start));
  if (passed + failed === 0) return { ...failure('no test reported a result'), parts };
  // Whatever ended the run early is in nobody's count.
  if (code !== 0 && failed === 0) return { ...failure(`exit code ${code}, and no test failed`), passed, parts };
  return { passed, failed, parts };
}

export function countRustTests(text) {
  const total = { passed: 0, failed: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(
    /test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/g,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failed) + Number(ignored);
    if (ignored !== '0')
      print(red(`${ignored} ignored: a test that does not run proves nothing, and counts as failed`));
  }
  return total;
}

/** Each test binary by its name, and what cargo did before and between them. */
export function rustParts(name, text, seconds) {
  // Cargo announces binaries on one stream, and they report on the other: the order within each is what can be relied on.
  // After all of them come the tests of the documentation, with any number of reports for each crate.
  const binaries = [...text.matchAll(/^ +Running (?:unittests )?(.+) \(/gm)].map(([, path]) => path);
  const times = [...text.matchAll(/test result: .*finished in ([\d.]+)s/g)].map(([, time]) => Number(time));
  const tests = times.map((time, index) => part(`${name}: ${binaries[index] ?? 'documentation'}`, time));
  // Of a single one, cargo's part is seen best with it.
  if (binaries.length === 1 && times.length === 1) return [part(tests[0].name, seconds)];
  const rest = seconds - times.reduce((sum, time) => sum + time, 0);
  return [...tests, part(`${name}: compiling and starting`, Math.max(0, rest))];
}

/** The sum of results, as soon as all are there. A job that throws is a failure, and stops no other. */
export async function total(jobs) {
  const results = await Promise.all(jobs.map((job) => job.catch(failed)));
  return results.reduce(add, { passed: 0, failed: 0, parts: [] });
}

/** The sum of the results of jobs that are begun one after the other. */
export async function inTurn(begins) {
  let sum = { passed: 0, failed: 0, parts: [] };
  for (const begin of begins) sum = add(sum, await begin().catch(failed));
  return sum;
}

export function failure(why) {
  print(red(`failed: ${why}`));
  return { passed: 0, failed: 1, parts: [] };
}

export const part = (name, seconds) => ({ name, seconds });

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  parts: [...a.parts, ...b.parts],
});

function failed(error) {
  report(error);
  return failure('it did not run to its end');
}
