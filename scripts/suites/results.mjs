// Counts what test runners report. A runner that reports nothing, or dies, is a failure; so is a test that did not run.

import { red } from '../lib/log.mjs';
import { tee } from '../lib/run.mjs';

/** Runs a command that is one check: passed, or failed. */
export async function check(program, args, options) {
  const { code } = await tee(program, args, options);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Runs a command that prints Rust's `test result:` lines, as `cargo test` and wasm-bindgen's runner do. Without any it
 * has failed.
 */
export async function rustTests(program, args, options) {
  const { code, text } = await tee(program, args, options);
  const total = countRustTests(text);
  if (total.passed + total.failed === 0) return failure('no test reported a result');
  // Whatever ended the run early is in nobody's count.
  if (code !== 0 && total.failed === 0)
    return { ...total, failed: failure(`exit code ${code}, and no test failed`).failed };
  return total;
}

export function countRustTests(text) {
  const total = { passed: 0, failed: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(
    /test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/g,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failed) + Number(ignored);
    if (ignored !== '0')
      console.log(red(`${ignored} ignored: a test that does not run proves nothing, and counts as failed`));
  }
  return total;
}

export async function sum(...runs) {
  const total = { passed: 0, failed: 0 };
  for (const run of runs) {
    const { passed, failed } = await run();
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

export function failure(why) {
  console.log(red(`failed: ${why}`));
  return { passed: 0, failed: 1 };
}
