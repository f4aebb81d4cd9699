// Finds the browsers and their drivers, and knows how to start Chromium for a test. Looks only; `setup.mjs` installs.

import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findAll, isProgram, searchPath, versionOf } from './find.mjs';
import { Failure } from './log.mjs';

export { findGeckodriver } from './rust-tools.mjs';

const windowsFolders = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].filter(
  Boolean,
);
const macFolders = ['/Applications', join(homedir(), 'Applications')];

const chromium = {
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  windows: ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe'],
  mac: ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'],
};
const firefox = {
  names: ['firefox', 'firefox-esr'],
  windows: ['Mozilla Firefox/firefox.exe'],
  mac: ['Firefox.app/Contents/MacOS/firefox'],
};
const chromedriver = { names: ['chromedriver'], windows: [], mac: [] };

export const findChromium = () => find(chromium) ?? missing('Chromium', 'chromium, or Google Chrome');
export const findFirefox = () => find(firefox) ?? missing('Firefox', 'firefox, or firefox-esr');

/** The chromedriver of the browser that was found: it refuses any other major version. */
export function findChromedriver() {
  const path = find(chromedriver) ?? missing('chromedriver', 'chromium-driver, or the chromedriver of your Chrome');
  const [driver, browser] = [versionOf(path), browserVersion(findChromium())];
  if (driver?.split('.')[0] !== browser?.split('.')[0]) {
    throw new Failure(
      `${path} is version ${driver} but ${findChromium()} is ${browser}: their majors must be the same.\n` +
        '  Update the older one, or take the matching pair from https://googlechromelabs.github.io/chrome-for-testing',
    );
  }
  return path;
}

/** Arguments that make Chromium quiet and alone: no network of its own, nothing to ask the user. */
export function chromiumArgs() {
  return [
    '--headless',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    // Root cannot have Chromium's sandbox, and is mostly root of a container, where /dev/shm is small.
    ...(process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : []),
  ];
}

export function browserVersion(path) {
  if (process.platform !== 'win32') return versionOf(path);
  // There `--version` opens a window; but the files of a version lie in a folder of its name.
  return readdirSync(dirname(path)).find((name) => /^\d+\.\d+\.\d+\.\d+$/.test(name)) ?? versionOf(path);
}

function find({ names, windows, mac }) {
  const usual =
    process.platform === 'win32'
      ? windowsFolders.flatMap((folder) => windows.map((path) => join(folder, path)))
      : macFolders.flatMap((folder) => mac.map((path) => join(folder, path)));
  // In the order of the names, whichever folder each is in, so that Debian's own browser meets Debian's own driver.
  const onPath = names.flatMap((name) => findAll(name, searchPath()));
  return [...onPath, ...usual].find(isProgram);
}

function missing(what, packages) {
  throw new Failure(
    `${what} was not found, and the tests need it. Install the package ${packages}` +
      ' and put it on the PATH.\n  Debian: apt-get install chromium chromium-driver firefox-esr',
  );
}
