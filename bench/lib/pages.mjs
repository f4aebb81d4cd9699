// The pages and the contenders' bundles, minified as an application would ship them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { dist, inRoot } from '../../scripts/lib/paths.mjs';
import { startPageServer } from '../../tests/support/page-server.mjs';
import { contenders } from '../contenders/index.mjs';

const folder = inRoot('bench');

// With these headers the resolution of a page's clock is 5 µs instead of 100: https://w3c.github.io/hr-time/#clock-resolution
const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
};

export async function startPages() {
  const files = [...new Set(Object.values(contenders).map(({ file }) => file))];
  const bundled = await Promise.all(
    files.map(async (file) => [
      `/contenders/${file}.js`,
      await bundle({ entryPoints: [join(folder, 'contenders', `${file}.js`)] }),
    ]),
  );
  const page = await bundle({ entryPoints: [join(folder, 'page/main.js')], format: 'iife' });
  const bundles = { '/page.js': page, ...Object.fromEntries(bundled) };
  const pages = {
    '/row.html': '<!doctype html><title>row</title><script src="page.js"></script>',
    '/cold.html': readFileSync(join(folder, 'page/cold.html'), 'utf8'),
    ...Object.fromEntries(Object.entries(bundles).map(([path, { code }]) => [path, code])),
  };
  const withHeaders = Object.entries(pages).map(([path, text]) => [path, { text, headers }]);
  const server = await startPageServer({ pages: Object.fromEntries(withHeaders), upgrades: 'ws://127.0.0.1:1' });
  return { ...server, bundles };
}

/** One minified module, as `{ code, map }`. `undrop` is the package in `dist`, and its entries are its files. */
export async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
    alias: { undrop: join(dist, 'index.js') },
    // Some libraries need it, and every bundler for the web defines it.
    define: { 'process.env.NODE_ENV': '"production"' },
    absWorkingDir: folder,
    sourcemap: 'external',
    outfile: 'bundle.js',
    ...options,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  return { code, map };
}
