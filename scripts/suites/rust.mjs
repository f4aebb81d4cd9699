// The checks and tests of the Rust side on this machine; `browsers.mjs` has those that need a browser.

import { existsSync } from 'node:fs';
import { environment } from '../lib/find.mjs';
import { inRoot } from '../lib/paths.mjs';
import { usualUrl } from '../lib/test-server.mjs';
import { weather } from '../lib/weather.mjs';
import { featureChecks } from './features.mjs';
import { check, rustTests, total } from './results.mjs';
import { wasmEnvironment, wasmTarget } from './wasm.mjs';

const workspace = ['--workspace', '--features', 'undrop-server/redis'];
const wasm = ['-p', 'undrop', '--target', wasmTarget];
// What JavaScript sees is there in the npm build alone, which has no tests of its own: it is what the pages load.
const npm = (...features) => [...wasm, '--lib', '--no-default-features', '--features', ['npm', ...features].join()];

export const rustFormat = () => check('rustfmt', 'cargo', ['fmt', '--all', '--check']);

export const lint = async ({ alone }) => {
  const clippy = (name, what, env) => () =>
    check(`clippy, ${name}`, 'cargo', ['clippy', ...what, '--', '-D', 'warnings'], env && { env });
  const checks = [
    clippy('workspace', [...workspace, '--all-targets']),
    clippy('wasm', [...wasm, '--all-targets'], wasmEnvironment(usualUrl)),
    clippy('npm', npm()),
    clippy('npm with sessions', npm('session')),
    ...(await featureChecks()),
    ...circles(),
  ];
  return total(checks.map(alone));
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
    () => documentation('npm', npm()),
    () => documentation('npm with sessions', npm('session')),
  ];
  return total(tests.map(alone));
};

/** The simulated network at full length: 100,000 scenarios, in release mode. */
export const simulation = ({ alone }) => alone(() => rustTests('simulation', 'cargo', weather()));

const documentation = (name, which) =>
  check(`rustdoc, ${name}`, 'cargo', ['doc', '--no-deps', ...which], {
    env: environment([], { RUSTDOCFLAGS: '-D warnings' }),
  });

/** No module imports itself by way of others. */
function circles() {
  const script = inRoot('scripts/lint/circles.mjs');
  return existsSync(script) ? [() => check('circles of imports', process.execPath, [script])] : [];
}
