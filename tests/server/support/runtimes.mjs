// The runtimes that the package's servers run on.

import { fileURLToPath } from 'node:url';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const bin = (name) => inRoot('node_modules/.bin', name);

/** How each of them runs a program of this folder: the command, and its arguments. */
export function runtimes(name) {
  const program = fileURLToPath(new URL(name, import.meta.url));
  return {
    Node: [process.execPath, [program]],
    'Node 22': [inRoot('tools/nodes/node_modules/node22/bin/node'), [program]],
    'Node 24': [inRoot('tools/nodes/node_modules/node24/bin/node'), [program]],
    Bun: [bin('bun'), [program]],
    Deno: [bin('deno'), ['run', '--allow-all', '--no-config', '--node-modules-dir=manual', program]],
  };
}
