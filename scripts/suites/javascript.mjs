// The checks of the TypeScript side, and the test files that Node runs.

import { relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { filesIn } from '../lib/fresh.mjs';
import { red } from '../lib/log.mjs';
import { inRoot, root } from '../lib/paths.mjs';
import { packageProgram } from '../lib/run.mjs';
import { check, failure } from './results.mjs';

export const biome = () =>
  check(process.execPath, [packageProgram('@biomejs/biome', 'biome'), 'ci', '--error-on-warnings', '--colors=off']);

export const types = () =>
  check(process.execPath, [packageProgram('typescript', 'tsc'), '--noEmit', '-p', 'tests/types']);

/** Runs every `*.test.mjs` below a folder, each file in a process of its own. */
export async function nodeTests(folder) {
  const files = filesIn(inRoot(folder)).filter((path) => path.endsWith('.test.mjs'));
  if (files.length === 0) return failure(`there is no test in ${folder}`);
  const total = { passed: 0, failed: 0 };
  // Two at a time, each with its browser, is what a small machine bears.
  const events = run({ files, concurrency: 2, timeout: 15 * 60_000 });
  events.on('test:pass', (test) => {
    if (test.details.type === 'suite') return;
    if (isFile(test, files)) fail(test, 'holds no test');
    else if (test.skip !== undefined || test.todo !== undefined) fail(test, 'was skipped, which proves nothing');
    else total.passed++;
  });
  events.on('test:fail', (test) => {
    // A suite fails when a test in it does, which is counted, or for its own hooks, which nothing else counts.
    const isSuite = test.details.type === 'suite';
    if (!isSuite || test.details.error?.failureType !== 'subtestsFailed') total.failed++;
  });
  const fail = (test, why) => {
    total.failed++;
    console.log(red(`failed: ${relative(root, test.name)} ${why}`));
  };
  await new Promise((resolve, reject) => {
    events.compose(new spec()).on('end', resolve).on('error', reject).pipe(process.stdout);
  });
  return total.passed + total.failed === 0 ? failure('no test reported a result') : total;
}

const isFile = (test, files) => test.nesting === 0 && files.some((file) => file.endsWith(test.name));
