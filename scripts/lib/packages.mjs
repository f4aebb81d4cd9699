// Installs the npm packages exactly as package-lock.json has them, when it has changed since the last time.

import { unlessFresh } from './fresh.mjs';
import { step } from './log.mjs';
import { inRoot } from './paths.mjs';
import { npmProgram, run } from './run.mjs';

export const ensurePackages = () =>
  step('npm packages', 'the bundler, the optimizer and the test tools', async () => {
    const npm = npmProgram();
    const files = {
      // Inside node_modules, so that who deletes the one deletes the other.
      stamp: inRoot('node_modules/.undrop-installed'),
      inputs: [inRoot('package-lock.json'), `${process.platform} ${process.arch}`],
      outputs: [inRoot('node_modules')],
    };
    const installed = await unlessFresh(files, () => run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund']));
    return installed ? 'installed from package-lock.json' : 'are those of package-lock.json';
  });
