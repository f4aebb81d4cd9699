// Bundles test code into one script.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const tests = fileURLToPath(new URL('..', import.meta.url));

/**
 * The text of a script of `source`, whose imports are relative to the folder of the tests. A classic script, which every
 * browser takes in a window and in each kind of worker; with the format `esm` a module.
 */
export async function bundle(source, format = 'iife') {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: tests },
    bundle: true,
    write: false,
    format,
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
