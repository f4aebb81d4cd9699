// `npm test`: every test there is, or the suites named: `npm test -- native e2e`. The last lines are what failed, and the sum.
// Suites run beside each other where they can; what each prints is kept together, and comes when it has ended.

import { buildPackage } from './lib/build.mjs';
import { dim, Failure, heading, main, report, secondsSince, step } from './lib/log.mjs';
import { output, print, redirect } from './lib/output.mjs';
import { forBuild, parts } from './lib/setup.mjs';
import { buildPrograms } from './lib/test-server.mjs';
import { prepareBrowserTests, stopBrowserTests, wasmInChrome, wasmInFirefox } from './suites/browsers.mjs';
import { biome, nodeTests, types } from './suites/javascript.mjs';
import { Queue } from './suites/queue.mjs';
import { failure, listed, part, textOf, total } from './suites/results.mjs';
import { attacked, lint, native, rustFormat, simulation } from './suites/rust.mjs';

const browsers = ['chromium', 'firefox'];
const wasm = ['wasm target', 'wasm-bindgen', 'wasm-pack', 'programs', 'browser tests'];
const operated = ['redis-server', 'nginx', 'haproxy', 'caddy', 'openssl'];
const observed = ['packages', 'programs', 'redis-server', 'promtool'];
const pages = ['package', 'programs', 'geckodriver', ...browsers];

// What each suite is, and what has to be there for it. Those that use all cores come first: they run alone.
const suites = {
  format: { run: ({ alone }) => total([rustFormat, biome].map(alone)), needs: ['rust components', 'packages'] },
  lint: { run: lint, needs: ['rust components', 'wasm target', 'packages', 'cargo-deny'] },
  native: { run: native, needs: ['wasm target', 'redis-server'] },
  simulation: { run: simulation, needs: [] },
  attack: { run: attacked, needs: ['package'] },
  types: { run: (lane) => total([lane.beside(types), nodeTests(lane, 'tests/types')]), needs: ['package'] },
  messages: { run: (lane) => nodeTests(lane, 'tests/messages'), needs: ['packages'] },
  server: { run: (lane) => nodeTests(lane, 'tests/server'), needs: ['package', 'nodes', 'redis-server'] },
  'wasm-chrome': { run: wasmInChrome, needs: [...wasm, 'chromium'] },
  'wasm-firefox': { run: wasmInFirefox, needs: [...wasm, 'geckodriver', 'firefox'] },
  e2e: { run: (lane) => nodeTests(lane, 'tests/e2e'), needs: [...pages, 'redis-server'] },
  production: { run: (lane) => nodeTests(lane, 'tests/production'), needs: [...pages, ...operated] },
  packaging: { run: (lane) => nodeTests(lane, 'tests/packaging'), needs: ['package', 'programs', ...browsers] },
  check: { run: (lane) => nodeTests(lane, 'tests/check'), needs: ['package', 'programs'] },
  docs: { run: (lane) => nodeTests(lane, 'tests/docs'), needs: pages },
  deploy: { run: (lane) => nodeTests(lane, 'tests/deploy'), needs: observed },
};

// What is built before the suites, beside the parts of the set-up.
const builds = {
  package: buildPackage,
  programs: () => step('Programs', 'the servers and the proxy that the tests talk to', buildPrograms),
  'browser tests': () => step('Browser tests', 'the Rust tests as WebAssembly', prepareBrowserTests),
};

const SLOWEST = 10;

/** What suites that have not ended have printed so far. */
const kept = new Map();

await main(async (names) => {
  for (const name of names) {
    if (!(name in suites)) throw new Failure(`There is no suite ${name}; there are ${Object.keys(suites).join(', ')}`);
  }
  const chosen = Object.keys(suites).filter((name) => names.length === 0 || names.includes(name));
  const start = performance.now();
  heading('set-up');
  const { missing, result: setUp } = await prepare(chosen.flatMap((name) => suites[name].needs));
  const queue = new Queue();
  const runs = chosen.map(async (name) => [name, await runSuite(name, missing, queue.lane(), chosen.length === 1)]);
  const results = { 'set-up': setUp, ...Object.fromEntries(await Promise.all(runs)) };
  await stopBrowserTests();
  summarize(results, secondsSince(start));
});

/** Makes everything the suites need, and returns what could not be had, so that the others still run. */
async function prepare(needs) {
  const missing = new Set();
  const result = { passed: 0, failures: [], parts: [], seconds: 0 };
  const wanted = new Set(needs.includes('package') ? [...needs, ...forBuild] : needs);
  const begin = performance.now();
  for (const [name, make] of Object.entries({ ...parts, ...builds })) {
    if (!wanted.has(name)) continue;
    const start = performance.now();
    try {
      await make();
    } catch (error) {
      missing.add(name);
      result.failures.push({ name, error: textOf(error) });
      report(error);
    }
    result.parts.push(part(name, secondsSince(start)));
  }
  result.seconds = secondsSince(begin);
  return { missing, result };
}

/** A suite that is the only one prints as it goes; the output of others is kept until their end. */
async function runSuite(name, missing, lane, isOnly) {
  const suite = suites[name];
  const terminal = output();
  let start;
  const begin = (enter) => (job) =>
    enter(() => {
      if (start === undefined && !isOnly) terminal(dim(`${name} has begun\n`));
      start ??= performance.now();
      return isOnly ? job() : redirect(keep, job);
    });
  const keep = (chunk) => kept.set(name, (kept.get(name) ?? '') + chunk);
  const run = async () => {
    const lacking = suite.needs.filter((need) => missing.has(need));
    if (lacking.length > 0) return failure(`it needs what the set-up could not provide: ${lacking.join(', ')}`);
    return suite.run({ alone: begin(lane.alone), beside: begin(lane.beside) });
  };
  if (isOnly) heading(name);
  const result = await total([isOnly ? run() : redirect(keep, run)]);
  if (!isOnly) printKept(name);
  return { ...result, seconds: start === undefined ? 0 : secondsSince(start) };
}

function printKept(name) {
  heading(name);
  print((kept.get(name) ?? '').trimEnd());
  kept.delete(name);
}

// Whoever ends a run that takes too long wants to see where it was.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    for (const name of [...kept.keys()]) printKept(name);
    process.exit(1);
  });

function summarize(results, seconds) {
  const suites = Object.entries(results);
  heading('all');
  for (const [name, { passed, failures, seconds }] of suites) {
    const counts = `${String(passed).padStart(6)} passed ${String(failures.length).padStart(4)} failed`;
    print(`${name.padEnd(14)}${counts}${dim(inSeconds(seconds))}`);
  }
  heading('slowest');
  const slow = suites.flatMap(([suite, { parts }]) => parts.map((each) => ({ ...each, suite })));
  slow.sort((a, b) => b.seconds - a.seconds);
  for (const { suite, name, seconds } of slow.slice(0, SLOWEST))
    print(`${inSeconds(seconds)}  ${suite.padEnd(14)}${name}`);
  print(dim(`\nIt took ${Math.round(seconds)} s.`));
  // At the very end, so that the last lines of a long log say it.
  const failures = suites.flatMap(([suite, { failures }]) => failures.map((each) => listed(suite, each)));
  if (failures.length > 0) {
    heading('failed');
    for (const each of failures) print(each);
    process.exitCode = 1;
  }
  const passed = suites.reduce((sum, [, result]) => sum + result.passed, 0);
  print(`\n${passed} passed, ${failures.length} failed`);
}

function inSeconds(seconds) {
  return `${seconds.toFixed(1).padStart(8)} s`;
}
