// The checks and tests of the Rust side on this machine; `browsers.mjs` has those that need a browser.

import { dirname, join } from 'node:path';
import { attack } from '../lib/attack.mjs';
import { workspacePackages } from '../lib/cargo.mjs';
import { environment } from '../lib/find.mjs';
import { inRoot } from '../lib/paths.mjs';
import { usualUrl } from '../lib/test-server.mjs';
import { weather } from '../lib/weather.mjs';
import { dependencyChecks } from '../lint/dependencies.mjs';
import { featureChecks } from './features.mjs';
import { nodeTests } from './javascript.mjs';
import { check, rustTests, total } from './results.mjs';
import { wasmEnvironment, wasmTarget } from './wasm.mjs';

const workspace = ['--workspace', '--features', 'undrop-server/tls,undrop-server/metrics'];
const wasm = ['-p', 'undrop', '--target', wasmTarget];
// What JavaScript sees is there with the feature `js` alone, which has no tests of its own: it is what the pages load.
const js = (...features) => [...wasm, '--lib', '--no-default-features', '--features', ['js', ...features].join()];

/** The server for JavaScript, which `undrop/server` is made of. */
const jsServer = ['-p', 'undrop-server', '--target', wasmTarget, '--lib', '--no-default-features', '--features', 'js'];

export const rustFormat = () => check('rustfmt', 'cargo', ['fmt', '--all', '--check']);

export const lint = async (lane) => {
  const clippy = (name, what, env) => () =>
    check(`clippy, ${name}`, 'cargo', ['clippy', ...what, '--', '-D', 'warnings'], env && { env });
  const checks = [
    clippy('workspace', [...workspace, '--all-targets']),
    clippy('wasm', [...wasm, '--all-targets'], wasmEnvironment(usualUrl)),
    clippy('js', js()),
    clippy('js with sessions', js('session')),
    clippy('server, js', jsServer),
    ...(await featureChecks()),
  ];
  const beside = [...dependencyChecks.map(lane.beside), circles(lane), nodeTests(lane, 'scripts')];
  return total([...checks.map(lane.alone), ...beside]);
};

export const native = ({ alone }) => {
  // The examples of what exists in wasm alone are compiled: what would run them does nothing.
  const compileAlone = environment([], {
    ...wasmEnvironment(usualUrl),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: 'node -e 0',
  });
  const tests = [
    () => rustTests('cargo test', 'cargo', ['test', ...workspace, '--no-fail-fast']),
    () => check('examples, wasm', 'cargo', ['test', '--doc', '--quiet', ...wasm], { env: compileAlone }),
    () => documentation('workspace', workspace),
    () => documentation('wasm', wasm),
    () => documentation('js', js()),
    () => documentation('js with sessions', js('session')),
    () => documentation('server, js', jsServer),
  ];
  return total(tests.map(alone));
};

/** The simulated network at full length: 100,000 scenarios, in release mode. */
export const simulation = ({ alone }) => alone(() => rustTests('simulation', 'cargo', weather()));

/** Short attacks on servers: whether their memory stays below what is promised, and their other clients lose nothing. */
export const attacked = ({ alone }) => {
  // What a process holds, and addresses of its own for each client, is only to be had there.
  if (process.platform !== 'linux') return { passed: 0, failures: [], parts: [] };
  const attacks = [
    () => check('attack', 'cargo', attack('--short')),
    () => check('attack, Node', 'cargo', attack('--server', 'node', '--short')),
  ];
  return total(attacks.map(alone));
};

const documentation = (name, which) =>
  check(`rustdoc, ${name}`, 'cargo', ['doc', '--no-deps', ...which], {
    env: environment([], { RUSTDOCFLAGS: '-D warnings' }),
  });

/** That no modules of a crate import each other in a circle. */
async function circles(lane) {
  const sources = (await workspacePackages()).map(({ manifest_path }) => join(dirname(manifest_path), 'src'));
  const script = inRoot('scripts/lint/circles.mjs');
  return lane.beside(() => check('circles of imports', process.execPath, [script, ...sources]));
}
