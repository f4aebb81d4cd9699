// The checks and tests of the Rust side on this machine; `browsers.mjs` has those that need a browser.

import { environment } from '../lib/find.mjs';
import { usualUrl } from '../lib/test-server.mjs';
import { weather } from '../lib/weather.mjs';
import { check, rustTests, sum } from './results.mjs';

const cargo = (...args) => check('cargo', args);
const workspace = ['--workspace', '--features', 'undrop-server/redis'];
const wasm = ['-p', 'undrop', '--target', 'wasm32-unknown-unknown'];
// What JavaScript sees is there in the npm build alone, which has no tests of its own: it is what the pages load.
const npm = (...features) => [...wasm, '--lib', '--no-default-features', '--features', ['npm', ...features].join()];
// The tests want the address of their server when they are compiled.
const wasmEnvironment = () => ({ env: environment([], { UNDROP_TEST_SERVER: usualUrl }) });

// The examples of what exists there alone are compiled: what would run them does nothing.
const compileAlone = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: 'node -e 0' };

export const rustFormat = () => cargo('fmt', '--all', '--check');

export const lint = () =>
  sum(
    () => cargo('clippy', ...workspace, '--all-targets', '--', '-D', 'warnings'),
    () => check('cargo', ['clippy', ...wasm, '--all-targets', '--', '-D', 'warnings'], wasmEnvironment()),
    () => cargo('clippy', ...npm(), '--', '-D', 'warnings'),
    () => cargo('clippy', ...npm('session'), '--', '-D', 'warnings'),
  );

export const native = () =>
  sum(
    () => rustTests('cargo', ['test', ...workspace, '--no-fail-fast']),
    () => check('cargo', ['test', '--doc', '--quiet', ...wasm], { env: environment([], compileAlone) }),
    () => documentation(...workspace),
    () => documentation(...wasm),
    () => documentation(...npm()),
    () => documentation(...npm('session')),
  );

/** The bad weather at full length: 100,000 scenarios, in release mode. */
export const simulation = () => rustTests('cargo', weather());

const documentation = (...which) =>
  check('cargo', ['doc', '--no-deps', ...which], { env: environment([], { RUSTDOCFLAGS: '-D warnings' }) });
