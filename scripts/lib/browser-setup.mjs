// Makes sure that the browsers of the tests are there: those on the machine, else from apt where the user may.

import { browserVersion, findChromedriver, findChromium, findFirefox } from './browsers.mjs';
import { findAll, versionOf } from './find.mjs';
import { Failure, step } from './log.mjs';
import { print } from './output.mjs';
import { ask, run } from './run.mjs';

export const ensureChromium = () =>
  step('Chromium and chromedriver', 'the tests run in real browsers', async () => {
    await lookOrInstall(findChromium, ['chromium', 'chromium-browser']);
    await lookOrInstall(findChromedriver, ['chromium-driver', 'chromium-chromedriver']);
    return `${findChromium()}, ${browserVersion(findChromium())}; ${findChromedriver()}`;
  });

export const ensureFirefox = () =>
  step('Firefox', 'the tests run in real browsers', async () => {
    await lookOrInstall(findFirefox, ['firefox-esr', 'firefox']);
    return `${findFirefox()}, ${versionOf(findFirefox())}`;
  });

/** Looks again after the installation, so that the error, if any, is the one that says what is missing. */
export async function lookOrInstall(look, packages) {
  try {
    look();
  } catch (error) {
    print(`  ${error.message.split('\n')[0]}`);
    await aptInstall(packages, error);
    look();
  }
}

/** Installs the first of `packages` that this release has; throws `otherwise` where there is no apt or no right to use it. */
async function aptInstall(packages, otherwise) {
  const asRoot = await prefixForRoot();
  if (!findAll('apt-get').length || !asRoot) throw otherwise;
  const apt = (...args) => {
    const [program, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return run(program, rest);
  };
  await apt('update');
  for (const name of packages) {
    // A name that exists only because others mention it has no candidate.
    const candidate = (await ask('apt-cache', ['policy', name]))?.match(/Candidate: (.+)/)?.[1];
    if (!candidate || candidate === '(none)') continue;
    return apt('install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', name);
  }
  throw new Failure(`apt has none of the packages ${packages.join(', ')}.\n${otherwise.message}`);
}

/** What to write before a command for root, or undefined when nobody without a password may. */
async function prefixForRoot() {
  if (process.getuid?.() === 0) return [];
  return (await ask('sudo', ['-n', 'true'])) === undefined ? undefined : ['sudo', '-n'];
}
