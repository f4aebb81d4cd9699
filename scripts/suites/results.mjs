// Counts what test runners report. A runner that reports nothing, or dies, is a failure; so is a test that did not run.
// A result is `{ passed, failures, parts }`: each failure has a name and perhaps the text of its error, each part has a name
// and took some seconds.

import { red, report, secondsSince } from '../lib/log.mjs';
import { print } from '../lib/output.mjs';
import { tee } from '../lib/run.mjs';

/** Runs a command that is one check: passed, or failed. */
export async function check(name, program, args, options) {
  const start = performance.now();
  const { code, text } = await tee(program, args, options);
  const parts = [part(name, secondsSince(start))];
  return code === 0 ? { passed: 1, failures: [], parts } : { ...failure(name, complaint(text)), parts };
}

/**
 * Runs a command that prints Rust's `test result:` lines, as `cargo test` and wasm-bindgen's runner do. Without any it
 * has failed.
 */
export async function rustTests(name, program, args, options) {
  const start = performance.now();
  const { code, text } = await tee(program, args, options);
  const { passed, failures } = countRustTests(text);
  const parts = rustParts(name, text, secondsSince(start));
  const why = complaint(text);
  if (passed + failures.length === 0) return { ...failure(`${name}: no test reported a result`, why), parts };
  // Whatever ended the run early is in nobody's count.
  if (code !== 0 && failures.length === 0)
    return { ...failure(`${name}: exit code ${code}, and no test failed`, why), passed, parts };
  return { passed, failures: failures.map((one) => ({ ...one, name: `${name}: ${one.name}` })), parts };
}

/** How many tests passed, and which did not. */
export function countRustTests(text) {
  const count = { passed: 0, failed: 0, ignored: 0 };
  for (const { groups } of text.matchAll(
    /test result: .*?(?<passed>\d+) passed; (?<failed>\d+) failed; (?<ignored>\d+) ignored/g,
  ))
    for (const [what, number] of Object.entries(groups)) count[what] += Number(number);
  // Cargo's heading of what a test printed, and that of wasm-bindgen's runner.
  const printed = text.matchAll(/^---- (.+) (?:stdout|output) ----$(.*?)(?=^---- |^failures:$|^test result)/gms);
  const failed = [...printed].map(([, name, error]) => ({ name, error }));
  // A test that prints nothing has no such heading.
  const nameless = Array(Math.max(0, count.failed - failed.length)).fill({ name: 'a test without a report' });
  const ignored = Array.from({ length: count.ignored }, () => ({ name: 'an ignored test, which proves nothing' }));
  for (const { name } of ignored) print(red(`failed: ${name}`));
  return { passed: count.passed, failures: [...failed, ...nameless, ...ignored] };
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
  return results.reduce(add, nothing);
}

/** The sum of the results of jobs that are begun one after the other. */
export async function inTurn(begins) {
  let sum = nothing;
  for (const begin of begins) sum = add(sum, await begin().catch(failed));
  return sum;
}

/** `error` is the text of what went wrong, where there is one. */
export function failure(name, error) {
  print(red(`failed: ${name}`));
  return { passed: 0, failures: [{ name, error }], parts: [] };
}

export const part = (name, seconds) => ({ name, seconds });

const nothing = { passed: 0, failures: [], parts: [] };

const add = (a, b) => ({
  passed: a.passed + b.passed,
  failures: [...a.failures, ...b.failures],
  parts: [...a.parts, ...b.parts],
});

function failed(error) {
  report(error);
  return failure('it did not run to its end', textOf(error));
}

/** What an error says, and where it was thrown. */
export function textOf(error) {
  const message = String(error?.message ?? error);
  const place = error?.stack?.split('\n').find((line) => /^\s+at .*:\d+:\d+/.test(line));
  return place ? `${message}\n${place}` : message;
}

/** The part of a program's output that says why it failed: from the first error on, or else the end. */
export function complaint(text) {
  const lines = text.trimEnd().split('\n');
  const first = lines.findIndex((line) => /\berror\b|panicked at/i.test(line));
  return (first < 0 ? lines.slice(-SHOWN) : lines.slice(first)).join('\n');
}

/** How many lines of an error are shown in the list of failures. */
const SHOWN = 8;

/** A failure as it stands in the list at the end of a run. */
export function listed(suite, { name, error = '' }) {
  const lines = error.split('\n').filter((line) => line.trim() !== '');
  const more = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} lines more, above`] : [];
  return [red(`${suite}: ${name}`), ...[...lines.slice(0, SHOWN), ...more].map((line) => `    ${line}`)].join('\n');
}
