// What all builds of the Rust tests for WebAssembly have in common, so that cargo makes them once.

import { environment } from '../lib/find.mjs';

export const wasmTarget = 'wasm32-unknown-unknown';

/** The environment to compile them in; `url` is that of the test server, which they have compiled in. */
export const wasmEnvironment = (url, folders = []) =>
  // No browser shows the debug information, and the test runner of wasm-bindgen reads all of it.
  environment(folders, { UNDROP_TEST_SERVER: url, CARGO_PROFILE_DEV_DEBUG: '0' });
