// Compiles the WebAssembly on first use, so that importing costs nothing and works where there is none to compile.

import { initSync } from '#wasm';

let load: (() => WebAssembly.Module) | undefined;

/** What an entry point gives: how it comes by the module. */
export const provide = (loader: () => WebAssembly.Module) => {
  load = loader;
};

export const ready = () => {
  if (!load) return;
  try {
    initSync({ module: load() });
  } catch (cause) {
    throw new Error(
      "undrop can't compile its WebAssembly. If this page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.",
      { cause },
    );
  }
  load = undefined;
};
