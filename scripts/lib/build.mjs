// From the Rust and TypeScript sources to `dist`, one step after the other; a step whose input is unchanged is left out.

import { bundle, declarations } from '../build/bundle.mjs';
import { bundleCheck } from '../build/check.mjs';
import { bundleServer, compileServer } from '../build/server.mjs';
import { checkSizes } from '../build/sizes.mjs';
import { bind, compile, optimize } from '../build/wasm.mjs';
import { step } from './log.mjs';

export async function buildPackage() {
  await buildClient();
  await step('Server to WebAssembly', 'the crate undrop-server, for Node, Bun and Deno', compileServer);
  await step('Server', 'its entries and their types', bundleServer);
  await step('Check', 'the program that checks servers in other languages', bundleCheck);
  await step('Sizes', 'what a page has to load, against the budget', checkSizes);
}

/** What pages load. */
export async function buildClient() {
  await step('Rust to WebAssembly', 'the crate with its exports for JavaScript', compile);
  await step('wasm-bindgen', 'writes the JavaScript that calls Rust', bind);
  await step('wasm-opt', 'makes the module about as small as it gets', optimize);
  await step('Bundle', 'a file for each entry, and chunks of what they share', bundle);
  await step('Declarations', 'the types of the package', declarations);
}
