// Looks programs up as a shell would, and asks them for their version.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const windows = process.platform === 'win32';
const endings = windows ? ['.exe', '.cmd', '.bat'] : [''];

/** Where rustup puts cargo. A shell that was open before rustup came does not have it on its PATH yet. */
export const cargoBin = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin');

/** The folders to search, with `first` in front. */
export function searchPath(first = []) {
  const folders = [...first, ...pathVariable().split(delimiter), cargoBin];
  return [...new Set(folders.filter(Boolean))];
}

/** A copy of the environment in which `folders` come first on the PATH. */
export function environment(folders = [], extra = {}) {
  const env = { ...process.env, ...extra };
  // On Windows the variable may be called Path, and a second spelling would be ignored or win at random.
  for (const name of Object.keys(env)) if (name.toUpperCase() === 'PATH') delete env[name];
  return { ...env, PATH: searchPath(folders).join(delimiter) };
}

/** Every program of one of these names, in the order of the folders, then of the names. */
export function findAll(names, folders = searchPath()) {
  return folders
    .flatMap((folder) => [names].flat().flatMap((name) => endings.map((ending) => join(folder, name + ending))))
    .filter(isProgram);
}

export function isProgram(path) {
  try {
    accessSync(path, windows ? constants.F_OK : constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first thing in `program --version` that looks like a version, or undefined when it will not say. */
export function versionOf(program, args = ['--version']) {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000, windowsHide: true });
  return stdout?.match(/\d+(\.\d+)+/)?.[0];
}

/** Is version `a` at least version `b`? */
export function atLeast(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < right.length; i++) {
    if ((left[i] ?? 0) !== right[i]) return (left[i] ?? 0) > right[i];
  }
  return true;
}

function pathVariable() {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH');
  return (name && process.env[name]) || '';
}
