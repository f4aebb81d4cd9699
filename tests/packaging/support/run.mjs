// Runs a program of an npm package to its end, as a user would in a terminal.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { npmProgram } from '../../../scripts/lib/run.mjs';

/** Runs a script in Node and returns what it printed; a failure carries it too. */
export function node(script, args, { cwd }) {
  return new Promise((resolve, reject) => {
    // The test runner's own variables would make a child that is no test report to it.
    const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env;
    execFile(process.execPath, [script, ...args], { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const output = stripVTControlCharacters(stdout + stderr);
      if (error) reject(new Error(`${script} ${args.join(' ')}\nended with ${error.code ?? error.signal}:\n${output}`));
      else resolve(output);
    });
  });
}

export const npm = (args, options) => node(npmProgram(), [...args, '--no-audit', '--no-fund'], options);

/** The script behind a command of a package that is installed in the folder `modules`. */
export function commandOf(modules, name, command = name) {
  const { bin } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
  return join(modules, name, typeof bin === 'string' ? bin : bin[command]);
}
