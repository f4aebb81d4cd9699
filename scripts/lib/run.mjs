// Runs other programs without a shell, and says which one failed, with what, and where.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { environment, findAll } from './find.mjs';
import { Failure } from './log.mjs';
import { isRedirected, output } from './output.mjs';
import { inRoot, root } from './paths.mjs';

/** Runs a program to its end with its output on the terminal; throws when it fails. */
export async function run(program, args = [], options = {}) {
  const stdio = isRedirected() ? ['inherit', 'pipe', 'pipe'] : 'inherit';
  const child = start(program, args, { stdio, ...options });
  const write = output();
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', write);
  const { code, signal } = await finished(child, program);
  if (code !== 0) throw new Failure(`${shown(program, args)}\n  ended with ${signal ?? `exit code ${code}`}`);
}

/** Runs a program, prints its output and returns it as `text`, without colours; a failure is the caller's to judge. */
export async function tee(program, args = [], options = {}) {
  let text = '';
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const write = output();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      write(chunk);
      text += chunk;
    });
  }
  const { code } = await finished(child, program);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
  return { code, text: text.replace(/\x1b\[[0-9;]*m/g, '') };
}

/** Runs a program silently and returns its standard output, or undefined when it fails. */
export async function ask(program, args = [], options = {}) {
  let text = '';
  try {
    const child = start(program, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const { code } = await finished(child, program);
    return code === 0 ? text : undefined;
  } catch {
    return undefined;
  }
}

export function start(program, args, options = {}) {
  return spawn(program, args, { cwd: root, env: environment(), windowsHide: true, ...options });
}

/** Waits for the end of a process and of its output. */
export function finished(child, program) {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      const why = error.code === 'ENOENT' ? 'is not installed, or not on the PATH' : `did not start: ${error.message}`;
      reject(new Failure(`${program} ${why}`));
    });
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

/** What to give to `node` for a program of an installed npm package; its shims in `.bin` need a shell on Windows. */
export function packageProgram(name, program) {
  const folder = inRoot('node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[program]);
}

/** What to give to `node` for npm itself. */
export function npmProgram() {
  const folder = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(folder, 'node_modules/npm/bin/npm-cli.js'),
    join(folder, '../lib/node_modules/npm/bin/npm-cli.js'),
    ...findAll('npm').map((path) => realpathSync(path)),
  ];
  const found = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  if (!found) throw new Failure('npm was not found: it comes with Node.js, see https://nodejs.org');
  return found;
}

function shown(program, args) {
  const short = (part) => (part.startsWith(root) ? relative(root, part) : part);
  return [program, ...args].map((part) => (/\s/.test(part) ? JSON.stringify(part) : short(part))).join(' ');
}
