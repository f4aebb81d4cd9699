// Where things are: the project's root and the ignored folders that the scripts write to.

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const inRoot = (...parts) => join(root, ...parts);

/** Tools that the project installed for itself, as `cargo install --root` lays them out. */
export const tools = inRoot('.tools');
/** Whatever may be deleted at any time and only costs time to make again. */
export const cache = inRoot('.cache');
/** Cargo's output, wherever the user keeps it. */
export const target = resolve(root, process.env.CARGO_TARGET_DIR || 'target');
/** The generated WebAssembly and its glue, on their way to `dist`. */
export const generated = join(cache, 'npm-package');
/** What is published. */
export const dist = inRoot('dist');
