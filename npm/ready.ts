// Compiles the WebAssembly on first use, so that importing costs nothing and works where there is none to compile.

import { load } from '#wasm';

let compile: (() => WebAssembly.Module) | undefined;

/** What an entry point gives: how it comes by the module. */
export const provide = (compiles: () => WebAssembly.Module) => {
  compile = compiles;
};

export const ready = () => {
  if (!compile) return;
  try {
    load(compile());
  } catch (cause) {
    throw new Error(
      "undrop can't compile its WebAssembly. If this page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.",
      { cause },
    );
  }
  compile = undefined;
};
