// The checks and tests of the Rust side on this machine; `browsers.mjs` has those that need a browser.

import { environment } from '../lib/find.mjs';
import { usualUrl } from '../lib/test-server.mjs';
import { check, rustTests, sum } from './results.mjs';

const cargo = (...args) => check('cargo', args);
// The face of the package exists for wasm only; its tests want the address of their server when they are compiled.
const forWasm = ['-p', 'undrop', '--target', 'wasm32-unknown-unknown', '--features', 'npm'];
const wasmEnvironment = () => ({ env: environment([], { UNDROP_TEST_SERVER: usualUrl }) });

export const rustFormat = () => cargo('fmt', '--all', '--check');

export const lint = () =>
  sum(
    () => cargo('clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'),
    () => check('cargo', ['clippy', ...forWasm, '--all-targets', '--', '-D', 'warnings'], wasmEnvironment()),
  );

export const native = () =>
  sum(
    () => rustTests('cargo', ['test', '--workspace', '--no-fail-fast']),
    () => documentation('--workspace'),
    () => documentation(...forWasm),
  );

const documentation = (...which) =>
  check('cargo', ['doc', '--no-deps', ...which], { env: environment([], { RUSTDOCFLAGS: '-D warnings' }) });
