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
import { check, complaint, failure, part, textOf, total } from './results.mjs';

const program = (name, file, ...args) => [process.execPath, [packageProgram(name, file), ...args]];

export const biome = () =>
  check('biome', ...program('@biomejs/biome', 'biome', 'ci', '--error-on-warnings', '--colors=off'));

/** What pages may write, and servers, which have no types of a browser. */
export const types = () =>
  total(
    ['tests/types', 'tests/types/server'].map((project) =>
      check(`tsc -p ${project}`, ...program('typescript', 'tsc', '--noEmit', '-p', project)),
    ),
  );

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

/** Runs one file, and reports under `name`. */
export async function nodeFile(file, name) {
  const start = performance.now();
  const count = { passed: 0, failures: [] };
  // The names of the suites around the test that is being reported.
  const around = [];
  const fail = (test, error) => {
    const path = isFile(test, file) ? [] : [...around.slice(0, test.nesting), test.name];
    count.failures.push({ name: [name, ...path].join(' › '), error });
  };
  const refuse = (test, why) => {
    fail(test, why);
    print(red(`failed: ${test.name} ${why}`));
  };
  const events = run({ files: [file], timeout: 15 * 60_000 });
  events.on('test:start', ({ nesting, name }) => {
    around[nesting] = name;
  });
  let errors = '';
  events.on('test:stderr', ({ message }) => {
    errors += message;
  });
  events.on('test:pass', (test) => {
    if (test.details.type === 'suite') return;
    if (isFile(test, file)) refuse(test, 'holds no test');
    else if (test.skip !== undefined || test.todo !== undefined) refuse(test, 'was skipped, which proves nothing');
    else count.passed++;
  });
  events.on('test:fail', (test) => {
    const { type, error } = test.details;
    // A suite fails when a test in it does, which is counted, or for its own hooks, which nothing else counts.
    if (type === 'suite' && error?.failureType === 'subtestsFailed') return;
    // What Node says of a file that it could not run is in the file's own output.
    fail(test, isFile(test, file) ? complaint(errors) : textOf(error?.cause ?? error));
  });
  // In one piece, so that the lines of two files that run beside each other do not mix.
  let text = `${name}\n`;
  for await (const chunk of events.compose(new spec())) text += chunk;
  output()(text);
  const parts = [part(name, secondsSince(start))];
  if (count.passed + count.failures.length === 0) return { ...failure(`${name} reported no test`), parts };
  return { ...count, parts };
}

const isFile = (test, file) => test.nesting === 0 && file.endsWith(test.name);

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
