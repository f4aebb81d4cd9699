// The server as WebAssembly: the Rust crate undrop-server, compiled for JavaScript runtimes.

import * as wasm from '#wasm/server';
import bytes from '#wasm/server/bytes';
import { say } from './log.js';

let isReady = false;

/** Returns what the module exports. The first call compiles it. */
export const core = (): typeof wasm => {
  if (!isReady) {
    wasm.initSync({ module: new WebAssembly.Module(bytes()) });
    wasm.setLog(say);
    isReady = true;
  }
  return wasm;
};
