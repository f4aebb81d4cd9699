// Sees to it that there is a HAProxy, and starts one on loopback, without privileges, in a folder of its own.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookOrInstall } from './browser-setup.mjs';
import { findAll } from './find.mjs';
import { Failure, step } from './log.mjs';
import { answers } from './ports.mjs';
import { finished, start } from './run.mjs';

export const ensureHaproxy = () =>
  step('HAProxy', 'clients reach their servers through it in the tests', async () => {
    await lookOrInstall(findHaproxy, ['haproxy']);
    return findHaproxy();
  });

/**
 * Starts one with this configuration, which listens on `port`. `reload(configuration)` has it begin with another one as an
 * operator does, `stop()` ends it.
 */
export async function startHaproxy(configuration, port) {
  const folder = await mkdtemp(join(tmpdir(), 'undrop-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration);
  // A master with workers, in the foreground.
  const child = start(findHaproxy(), ['-W', '-db', '-q', '-f', file], { stdio: ['ignore', 'ignore', 'ignore'] });
  const gone = finished(child, 'haproxy');
  await answers(port, gone, 'haproxy');
  return {
    async reload(text = configuration) {
      await writeFile(file, text);
      child.kill('SIGUSR2');
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findHaproxy() {
  const [program] = [...findAll('haproxy'), ...findAll('haproxy', ['/usr/sbin', '/usr/local/sbin'])];
  if (!program) throw new Failure('There is no haproxy. On Debian: apt-get install haproxy');
  return program;
}
