// Compiles a WebAssembly module on first use, so that importing an entry costs nothing and works where there is nothing
// to compile with.

import type { Core } from './core.js';

/** What wasm-bindgen writes for each module: it makes what the module exports callable. */
type InitSync = (given: { module: WebAssembly.Module }) => unknown;

/** The modules that are compiled: two entries may have the same. */
const compiled = new Set<InitSync>();

/** Returns a function that returns `core`. Its first call compiles the module. */
export const ready = (core: Core & { initSync: InitSync }, compile: () => WebAssembly.Module) => (): Core => {
  if (!compiled.has(core.initSync)) {
    try {
      core.initSync({ module: compile() });
    } catch (cause) {
      throw new Error(`Undrop: the WebAssembly was not compiled: ${explain(cause)}`, { cause });
    }
    compiled.add(core.initSync);
  }
  return core;
};

/** Says what is to be done about what `WebAssembly.Module`, or a request for the module, has thrown. */
const explain = (error: unknown) => {
  const { name, message } = error as Error;
  if (name === 'RangeError') return 'Chromium does not do it in a page before version 115.';
  if (/security policy|csp|unsafe-eval/i.test(message))
    return "the script-src of this page's Content-Security-Policy needs 'wasm-unsafe-eval'.";
  return message;
};
