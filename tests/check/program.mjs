// `undrop check`, as its users run it.

import { execFile } from 'node:child_process';
import { inRoot } from '../../scripts/lib/paths.mjs';

const program = inRoot('dist/check.js');

/** Runs `undrop` with these arguments, and returns its exit code and what it has printed. */
export const undrop = (...args) =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });

/** Two users, for the checks that need another one. */
export const users = ['--header', 'Cookie: user=ann', '--other', 'Cookie: user=bob'];
