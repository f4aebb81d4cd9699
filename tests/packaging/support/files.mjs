// Serves the files of a project as a plain web server does.

import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { startPageServer } from '../../support/page-server.mjs';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
};

/** `charset` is what the server says of its texts; `csp` is the Content-Security-Policy of every answer. */
export const serveFiles = (folder, { charset = 'utf-8', csp } = {}) =>
  startPageServer({
    pages: {},
    async other(request, response) {
      const path = decodeURIComponent(new URL(request.url, 'http://page').pathname);
      const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
      try {
        const content = await readFile(file);
        const type = types[extname(file)];
        response.setHeader('content-type', type.startsWith('text/') ? `${type}; charset=${charset}` : type);
        if (csp) response.setHeader('content-security-policy', csp);
        response.end(content);
      } catch {
        response.writeHead(404).end();
      }
    },
  });

/** Calls `look` with the address of the folder's index.html while it is served. */
export async function whileServed(folder, look, options) {
  const server = await serveFiles(folder, options);
  try {
    return await look(`${server.url}/`);
  } finally {
    await server.stop();
  }
}
