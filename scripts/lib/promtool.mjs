// Sees to it that there is Prometheus' promtool, which reads metrics and alert rules in the tests.

import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atLeast, findAll, searchPath, versionOf } from './find.mjs';
import { Failure, step } from './log.mjs';
import { tools } from './paths.mjs';
import { run } from './run.mjs';

const toolsBin = join(tools, 'bin');
/** Debian 12's. */
const oldest = '2.42.0';

export const ensurePromtool = () =>
  step('promtool', 'reads the metrics, and makes each alert fire in the tests', async () => {
    if (!find()) await unpack();
    return `${findPromtool()}, ${versionOf(findPromtool())}`;
  });

export function findPromtool() {
  const program = find();
  if (!program) throw new Failure(`There is no promtool ${oldest} or newer. On Debian it is in the package prometheus`);
  return program;
}

function find() {
  const programs = findAll('promtool', searchPath([toolsBin]));
  return programs.find((program) => atLeast(versionOf(program) ?? '0', oldest));
}

/** Takes the program out of Debian's package: to install that would start a server that stays. */
async function unpack() {
  if (!findAll('apt-get').length || !findAll('dpkg').length) return;
  const folder = await mkdtemp(join(tmpdir(), 'undrop-promtool-'));
  try {
    // Where the list of packages is old, what it names is not there any more. Only root can fetch another.
    if (process.getuid?.() === 0) await run('apt-get', ['update']);
    await run('apt-get', ['download', 'prometheus'], { cwd: folder });
    const [archive] = await readdir(folder);
    await run('dpkg', ['-x', join(folder, archive), folder]);
    await mkdir(toolsBin, { recursive: true });
    await copyFile(join(folder, 'usr/bin/promtool'), join(toolsBin, 'promtool'));
    await chmod(join(toolsBin, 'promtool'), 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
