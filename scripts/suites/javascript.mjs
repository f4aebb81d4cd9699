// The checks of the TypeScript side, and the test files that Node runs.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { filesIn } from '../lib/fresh.mjs';
import { red, secondsSince } from '../lib/log.mjs';
import { output, print } from '../lib/output.mjs';
import { cache, inRoot, root } from '../lib/paths.mjs';
import { packageProgram } from '../lib/run.mjs';
import { check, failure, part, total } from './results.mjs';

const program = (name, file, ...args) => [process.execPath, [packageProgram(name, file), ...args]];

export const biome = () =>
  check('biome', ...program('@biomejs/biome', 'biome', 'ci', '--error-on-warnings', '--colors=off'));

export const types = () => check('tsc', ...program('typescript', 'tsc', '--noEmit', '-p', 'tests/types'));

/** Runs every `*.test.mjs` below a folder, each file in a process of its own, those first that took longest the last time. */
export async function nodeTests({ beside }, folder) {
  const known = durations();
  const files = filesIn(inRoot(folder))
    .filter((path) => path.endsWith('.test.mjs'))
    .map((path) => ({ path, name: relative(root, path), last: known[relative(root, path)] ?? Infinity }));
  if (files.length === 0) return failure(`there is no test in ${folder}`);
  files.sort((a, b) => b.last - a.last || (a.name < b.name ? -1 : 1));
  const result = await total(files.map(({ path, name }) => beside(() => nodeFile(path, name))));
  remember(result.parts);
  return result;
}

async function nodeFile(path, name) {
  const start = performance.now();
  const count = { passed: 0, failed: 0 };
  const fail = (why) => {
    count.failed++;
    print(red(`failed: ${why}`));
  };
  const events = run({ files: [path], timeout: 15 * 60_000 });
  events.on('test:pass', (test) => {
    if (test.details.type === 'suite') return;
    if (isFile(test, path)) fail(`${name} holds no test`);
    else if (test.skip !== undefined || test.todo !== undefined) fail(`${test.name} was skipped, which proves nothing`);
    else count.passed++;
  });
  events.on('test:fail', (test) => {
    // A suite fails when a test in it does, which is counted, or for its own hooks, which nothing else counts.
    const isSuite = test.details.type === 'suite';
    if (!isSuite || test.details.error?.failureType !== 'subtestsFailed') count.failed++;
  });
  // In one piece, so that the lines of two files that run beside each other do not mix.
  let text = `${name}\n`;
  for await (const chunk of events.compose(new spec())) text += chunk;
  output()(text);
  const parts = [part(name, secondsSince(start))];
  if (count.passed + count.failed === 0) return { ...failure(`${name} reported no test`), parts };
  return { ...count, parts };
}

const isFile = (test, path) => test.nesting === 0 && path.endsWith(test.name);

const durationsPath = join(cache, 'test-seconds.json');

/** How many seconds each file took the last time. */
function durations() {
  try {
    return JSON.parse(readFileSync(durationsPath, 'utf8'));
  } catch {
    return {};
  }
}

function remember(parts) {
  mkdirSync(cache, { recursive: true });
  const all = { ...durations(), ...Object.fromEntries(parts.map(({ name, seconds }) => [name, seconds])) };
  writeFileSync(durationsPath, JSON.stringify(all, null, 2));
}
