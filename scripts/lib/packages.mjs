// Installs npm packages exactly as a package-lock.json has them, when it has changed since the last time.

import { join } from 'node:path';
import { unlessFresh } from './fresh.mjs';
import { step } from './log.mjs';
import { inRoot } from './paths.mjs';
import { npmProgram, run } from './run.mjs';

export const ensurePackages = () =>
  step('npm packages', 'the bundler, the optimizer and the test tools', () => installPackages('.'));

/** In a folder of their own: npm has scripts find the programs of packages first, and would run its own by one of these. */
export const ensureNodes = () =>
  step('Other Nodes', 'versions of Node on which servers are tested', () => installPackages('tools/nodes'));

/** Installs the packages of a folder, and says so. */
export async function installPackages(folder, ...flags) {
  const lock = join(folder, 'package-lock.json');
  const installed = inRoot(folder, 'node_modules');
  const files = {
    // Inside node_modules, so that who deletes the one deletes the other.
    stamp: join(installed, '.undrop-installed'),
    inputs: [inRoot(lock), `${process.platform} ${process.arch}`],
    outputs: [installed],
  };
  const command = [npmProgram(), 'ci', '--no-audit', '--no-fund', ...flags];
  const isNew = await unlessFresh(files, () => run(process.execPath, command, { cwd: inRoot(folder) }));
  return isNew ? `installed from ${lock}` : `are those of ${lock}`;
}
