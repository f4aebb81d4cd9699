// `npm test`: every test there is, or the suites named: `npm test -- native e2e`. The last line is the sum of them all.

import { buildPackage } from './lib/build.mjs';
import { dim, Failure, heading, main, report, seconds, step } from './lib/log.mjs';
import { forBuild, parts } from './lib/setup.mjs';
import { buildNode, buildTestServer } from './lib/test-server.mjs';
import { wasmInChrome, wasmInFirefox } from './suites/browsers.mjs';
import { biome, nodeTests, types } from './suites/javascript.mjs';
import { failure, sum } from './suites/results.mjs';
import { lint, native, rustFormat, simulation } from './suites/rust.mjs';

const browsers = ['chromium', 'firefox'];
const wasm = ['wasm target', 'wasm-bindgen', 'wasm-pack'];
const pages = ['package', 'test server', 'geckodriver', ...browsers];

// What each suite is, and what has to be there for it.
const suites = {
  format: { run: () => sum(rustFormat, biome), needs: ['rust components', 'packages'] },
  lint: { run: lint, needs: ['rust components', 'wasm target'] },
  types: { run: () => sum(types, () => nodeTests('tests/types')), needs: ['package'] },
  messages: { run: () => nodeTests('tests/messages'), needs: ['packages'] },
  native: { run: native, needs: ['wasm target', 'redis-server'] },
  simulation: { run: simulation, needs: [] },
  'wasm-chrome': { run: wasmInChrome, needs: [...wasm, 'test server', 'chromium'] },
  'wasm-firefox': { run: wasmInFirefox, needs: [...wasm, 'test server', 'geckodriver', 'firefox'] },
  e2e: { run: () => nodeTests('tests/e2e'), needs: [...pages, 'node', 'redis-server'] },
  packaging: { run: () => nodeTests('tests/packaging'), needs: ['package', 'test server', ...browsers] },
  docs: { run: () => nodeTests('tests/docs'), needs: pages },
};

await main(async (names) => {
  for (const name of names) {
    if (!(name in suites)) throw new Failure(`There is no suite ${name}; there are ${Object.keys(suites).join(', ')}`);
  }
  const chosen = names.length ? names : Object.keys(suites);
  const total = { passed: 0, failed: 0 };
  const summary = [];

  heading('set-up');
  const missing = await prepare(chosen.flatMap((name) => suites[name].needs));
  for (const name of chosen) {
    heading(name);
    const start = performance.now();
    const { passed, failed } = await result(suites[name], missing);
    summary.push(`${name.padEnd(14)} ${passed} passed, ${failed} failed ${dim(`(${seconds(start)})`)}`);
    total.passed += passed;
    total.failed += failed;
  }
  heading('all');
  for (const line of summary) console.log(line);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
});

/** Makes everything the suites need, and returns what could not be had, so that the others still run. */
async function prepare(needs) {
  const missing = new Set();
  const wanted = needs.includes('package') ? [...needs, ...forBuild] : needs;
  const attempt = async (name, make) => {
    try {
      await make();
    } catch (error) {
      missing.add(name);
      report(error);
    }
  };
  for (const [name, make] of Object.entries(parts)) if (wanted.includes(name)) await attempt(name, make);
  if (needs.includes('package')) await attempt('package', buildPackage);
  if (needs.includes('test server')) {
    const why = 'a WebSocket server that misbehaves on request, and a proxy that injures lines';
    await attempt('test server', () => step('Test server', why, buildTestServer));
  }
  if (needs.includes('node')) {
    const why = 'undrop-server with its sessions in Redis, to be killed and started again';
    await attempt('node', () => step('Node', why, buildNode));
  }
  return missing;
}

async function result(suite, missing) {
  const lacking = suite.needs.filter((need) => missing.has(need));
  if (lacking.length > 0) return failure(`it needs what the set-up could not provide: ${lacking.join(', ')}`);
  try {
    return await suite.run();
  } catch (error) {
    report(error);
    return failure('the suite did not run to its end');
  }
}
