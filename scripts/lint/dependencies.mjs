// What is known of the crates and the npm packages that we depend on: licences, sources, advisories. Advisories come from the
// network. Where they can't be had, that is said, and is no failure.

import { secondsSince } from '../lib/log.mjs';
import { print } from '../lib/output.mjs';
import { ask, finished, npmProgram, start } from '../lib/run.mjs';
import { findCargoDeny } from '../lib/rust-tools.mjs';
import { check, failure, part } from '../suites/results.mjs';

/** The checks, each of which resolves to its result. */
export const dependencyChecks = [crates, advisories, packages];

/** What deny.toml allows, of the crates in Cargo.lock. */
async function crates() {
  // Also of those that no build here needs. Without a network it is said which of them is not there.
  await ask('cargo', ['fetch', '--locked']);
  return check('cargo-deny', findCargoDeny(), [
    ...['--workspace', '--locked', '--offline'],
    ...['check', 'bans', 'licenses', 'sources'],
  ]);
}

async function advisories() {
  const name = 'advisories on crates';
  const begin = performance.now();
  if ((await ask(findCargoDeny(), ['fetch', 'db'])) === undefined)
    return notChecked(name, 'the database of RustSec could not be fetched', begin);
  return check(name, findCargoDeny(), ['--workspace', '--locked', 'check', '--disable-fetch', 'advisories']);
}

/** The package has no dependencies: these are the tools of the build and of the tests. */
async function packages() {
  const name = 'advisories on npm packages';
  const begin = performance.now();
  // Its exit code does not tell a finding from a registry without advisories.
  const npm = start(process.execPath, [npmProgram(), 'audit', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let answer = '';
  npm.stdout.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  await finished(npm, 'npm');
  const found = findings(answer);
  if (found === undefined) return notChecked(name, 'the registry did not answer `npm audit`', begin);
  for (const finding of found) print(finding);
  const parts = [part(name, secondsSince(begin))];
  return found.length === 0 ? { passed: 1, failures: [], parts } : { ...failure(name), parts };
}

/** Each package of which `npm audit --json` has something to say, in words; undefined if it could not ask. */
export function findings(answer) {
  let report;
  try {
    report = JSON.parse(answer);
  } catch {
    return undefined;
  }
  if (report.vulnerabilities === undefined) return undefined;
  return Object.values(report.vulnerabilities).map(({ name, severity, range, via }) => {
    const titles = via.map((cause) => cause.title ?? `by way of ${cause}`);
    return `${name} ${range}: ${severity}: ${titles.join('; ')}`;
  });
}

function notChecked(name, why, begin) {
  print(`not checked: ${name}: ${why}`);
  return { passed: 0, failures: [], parts: [part(name, secondsSince(begin))] };
}
