// Remembers what something was made from, so that nothing is made twice.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Calls `make` unless `outputs` exist and the last run had the same `inputs`: files, folders of files, or any other
 * text, such as a version. The memory is kept in the file `stamp`. Returns whether there was something to do.
 */
export async function unlessFresh({ stamp, inputs, outputs }, make) {
  const now = fingerprint(inputs);
  if (outputs.every((path) => existsSync(path)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now)
    return false;
  // A run that dies half-way must not be taken for done.
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
  return true;
}

/** Every file below a folder, in an order that is the same on each machine. */
export function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      return entry.isFile() ? [path] : [];
    });
}

function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const isPath = existsSync(input);
    const files = !isPath ? [] : statSync(input).isDirectory() ? filesIn(input) : [input];
    hash.update(`${input}\0`);
    for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}
