// Sees to it that there is Prometheus' promtool, which reads metrics and alert rules in the tests.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atLeast, findAll, searchPath, versionOf } from './find.mjs';
import { Failure, step } from './log.mjs';
import { tools } from './paths.mjs';
import { run } from './run.mjs';

/** Where Debian's package has its programs when it is unpacked and not installed. */
const unpacked = join(tools, 'prometheus');
/** Debian 12's. */
const oldest = '2.42.0';

export const ensurePromtool = () =>
  step('promtool', 'reads the metrics, and makes each alert fire in the tests', async () => {
    if (!find()) await unpack();
    return `${findPromtool()}, ${versionOf(findPromtool())}`;
  });

export function findPromtool() {
  const program = find();
  if (!program) throw new Failure('There is no promtool. On Debian it is in the package prometheus');
  return program;
}

const find = () =>
  findAll('promtool', searchPath([join(unpacked, 'usr/bin')])).find((program) =>
    atLeast(versionOf(program) ?? '0', oldest),
  );

/** Fetches the package and takes the program out of it: to install it would start a server that stays. */
async function unpack() {
  if (!findAll('apt-get').length || !findAll('dpkg').length) return;
  const folder = await mkdtemp(join(tmpdir(), 'undrop-promtool-'));
  try {
    // Where the list of packages is old, what it names is not there any more. Only root can fetch another.
    if (process.getuid?.() === 0) await run('apt-get', ['update']);
    await run('apt-get', ['download', 'prometheus'], { cwd: folder });
    const [archive] = await readdir(folder);
    await run('dpkg', ['-x', join(folder, archive), unpacked]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
