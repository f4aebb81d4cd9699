// The bundlers and compilers that users build with, installed beside these tests when their lock file has changed.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unlessFresh } from '../../../scripts/lib/fresh.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { alone } from './alone.mjs';
import { commandOf, node, npm } from './run.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const modules = join(folder, 'node_modules');

export const installTools = () =>
  alone(() =>
    unlessFresh(
      {
        stamp: join(modules, '.installed'),
        inputs: [join(folder, 'package-lock.json'), `${process.platform} ${process.arch}`],
        outputs: [modules],
      },
      () => npm(['ci'], { cwd: folder }),
    ),
  );

const tool =
  (folderOfModules, name, command) =>
  (cwd, ...args) =>
    node(commandOf(folderOfModules, name, command), args, { cwd });

export const vite = tool(modules, 'vite');
export const webpack = tool(modules, 'webpack-cli');
export const typescript5 = tool(modules, 'typescript-5', 'tsc');
export const typescript = tool(inRoot('node_modules'), 'typescript', 'tsc');
export const publint = tool(inRoot('node_modules'), 'publint');
export const attw = tool(inRoot('node_modules'), '@arethetypeswrong/cli', 'attw');

/** What `vite dev` does, on any free port. */
export async function startViteServer(root) {
  const { createLogger, createServer } = await import('vite');
  const complaints = [];
  const complain = (message) => complaints.push(message);
  const customLogger = { ...createLogger('silent'), warn: complain, warnOnce: complain, error: complain };
  const server = await createServer({ root, customLogger, server: { host: '127.0.0.1', port: 0 } });
  await server.listen();
  return { url: server.resolvedUrls.local[0], complaints, stop: () => server.close() };
}
