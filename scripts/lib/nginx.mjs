// Sees to it that there is an nginx, and starts one on loopback, without privileges, in a folder of its own.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookOrInstall } from './browser-setup.mjs';
import { findAll } from './find.mjs';
import { Failure, step } from './log.mjs';
import { answers } from './ports.mjs';
import { finished, start } from './run.mjs';

export const ensureNginx = () =>
  step('nginx', 'clients reach their servers through it in the tests', async () => {
    await lookOrInstall(findNginx, ['nginx-light', 'nginx']);
    return findNginx();
  });

/**
 * Starts one with this configuration, which listens on `port`. `reload(configuration)` has it begin with another one as an
 * operator does, `stop()` ends it.
 */
export async function startNginx(configuration, port) {
  const folder = await mkdtemp(join(tmpdir(), 'undrop-nginx-'));
  const file = join(folder, 'nginx.conf');
  // Where it would write otherwise is root's.
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const own = [...kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`), 'access_log off;'].join(' ');
  const write = (text) => writeFile(file, text.replace(/^http \{$/m, `http { ${own}`));
  await write(configuration);
  const main = `daemon off; pid ${folder}/nginx.pid;`;
  const child = start(findNginx(), ['-p', folder, '-c', file, '-e', join(folder, 'error.log'), '-g', main]);
  const gone = finished(child, 'nginx');
  await answers(port, gone, 'nginx');
  return {
    async reload(text = configuration) {
      await write(text);
      child.kill('SIGHUP');
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findNginx() {
  const [program] = [...findAll('nginx'), ...findAll('nginx', ['/usr/sbin', '/usr/local/sbin'])];
  if (!program) throw new Failure('There is no nginx. On Debian: apt-get install nginx-light');
  return program;
}
