// Sees to it that there is a redis-server, and starts one for the tests that talk to it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookOrInstall } from './browser-setup.mjs';
import { findAll } from './find.mjs';
import { Failure, step } from './log.mjs';
import { lastingPort } from './ports.mjs';
import { ask, finished, start } from './run.mjs';

export const ensureRedis = () =>
  step('redis-server', 'sessions move between servers in the tests', async () => {
    await lookOrInstall(findRedis, ['redis-server']);
    const version = (await ask(findRedis(), ['--version']))?.match(/v=(\S+)/)?.[1];
    return `${findRedis()}, ${version}`;
  });

/**
 * Starts one on a free port, with a folder of its own. `kill()` is a power cut, `restart()` brings it back with what it has
 * on disk, `stop()` ends it and removes the folder. By default nothing that was acknowledged is lost by a kill: `fsync` is how often
 * it waits for the disk, its `appendfsync`.
 */
export async function startRedis({ fsync = 'always' } = {}) {
  const port = await lastingPort();
  const folder = await mkdtemp(join(tmpdir(), 'undrop-redis-'));
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', fsync];
  let running;
  const up = async () => {
    const args = ['--port', String(port), '--dir', folder, ...settings];
    const child = start(findRedis(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    running = { child, gone: finished(child, 'redis-server').catch(() => undefined) };
    await saysIt(child.stdout, 'Ready to accept connections', running.gone);
  };
  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.gone;
  };
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  await up();
  return { url: `redis://127.0.0.1:${port}/`, pid: () => running.child.pid, kill, restart: up, stop };
}

function findRedis() {
  const [program] = findAll('redis-server');
  if (!program) throw new Failure('There is no redis-server. On Debian: apt-get install redis-server');
  return program;
}

/** Waits until the program says this, and lets it talk on. */
async function saysIt(stream, words, gone) {
  let heard = '';
  const said = new Promise((resolve) => {
    stream.setEncoding('utf8').on('data', (text) => {
      heard = (heard + text).slice(-4_096);
      if (heard.includes(words)) resolve(true);
    });
  });
  if (!(await Promise.race([said, gone.then(() => false)]))) throw new Failure(`redis-server ended: ${heard}`);
}
