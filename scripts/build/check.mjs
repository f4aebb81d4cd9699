// The program `undrop`, which checks servers in any language: one file, for Node, without a dependency.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unlessFresh } from '../lib/fresh.mjs';
import { dist, generated, inRoot } from '../lib/paths.mjs';
import { packageProgram, run } from '../lib/run.mjs';

const here = fileURLToPath(import.meta.url);
const sources = inRoot('npm/check');
/** What the sources import from elsewhere. */
const data = ['proto/vectors/undrop.1.json', 'package.json'].map((path) => inRoot(path));

export async function bundleCheck() {
  const outfile = join(dist, 'check.js');
  const stamp = join(generated, 'check.stamp');
  const made = await unlessFresh({ stamp, inputs: [sources, ...data, here], outputs: [outfile] }, async () => {
    const { build } = await import('esbuild');
    await run(process.execPath, [
      packageProgram('typescript', 'tsc'),
      '--noEmit',
      '-p',
      join(sources, 'tsconfig.json'),
    ]);
    await build({
      entryPoints: [join(sources, 'index.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      charset: 'ascii',
      legalComments: 'none',
      logLevel: 'warning',
    });
  });
  return made ? 'written' : 'is up to date';
}
