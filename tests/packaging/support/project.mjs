// Projects of users: a fixture in a folder of its own, outside of this one, with the package installed from its tarball.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesIn, unlessFresh } from '../../../scripts/lib/fresh.mjs';
import { cache, inRoot, root } from '../../../scripts/lib/paths.mjs';
import { alone } from './alone.mjs';
import { main } from './entries.mjs';
import { npm } from './run.mjs';

const packed = join(cache, 'packaging');
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

const temporary = [];
process.once('exit', () => {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
});

export const tarball = join(packed, 'undrop.tgz');

/** Packs the package as it is now, once for all test files. */
export const pack = () =>
  alone(() => unlessFresh({ stamp: join(packed, 'stamp'), inputs: contents(), outputs: [tarball] }, npmPack));

/** A folder with nothing but the package in it. It is gone when this process is. */
export async function emptyProject() {
  const folder = temporaryFolder();
  cpSync(await installed(), folder, { recursive: true });
  return folder;
}

/**
 * A copy of the fixture with the package in its node_modules, and with an entry of it in place of `%entry%` and `%file%`;
 * it is gone when this process is.
 */
export async function project(fixture, { name, file } = main) {
  const folder = await emptyProject();
  for (const from of filesIn(join(fixtures, fixture))) {
    const to = join(folder, relative(join(fixtures, fixture), from));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, readFileSync(from, 'utf8').replaceAll('%entry%', name).replaceAll('%file%', file));
  }
  mkdirSync(join(folder, 'src'), { recursive: true });
  cpSync(join(fixtures, 'echo.js'), join(folder, 'src/echo.js'));
  return folder;
}

/** The folder of the package as npm installs it. */
export const installedPackage = async () => join(await installed(), 'node_modules/undrop');

let installation;

/** A project with nothing but the package in it, made once in this process. */
function installed() {
  installation ??= install();
  return installation;
}

async function install() {
  await pack();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await npm(['install', '--offline', tarball], { cwd: folder });
  return folder;
}

async function npmPack() {
  const folder = temporaryFolder();
  await npm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [made] = readdirSync(folder);
  mkdirSync(packed, { recursive: true });
  cpSync(join(folder, made), tarball);
}

function temporaryFolder() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'undrop-')));
  temporary.push(folder);
  return folder;
}

function contents() {
  const { files } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const always = readdirSync(root).filter((name) => /^(package\.json|readme|licen[cs]e)/i.test(name));
  return [...always, ...files].map((name) => inRoot(name));
}
