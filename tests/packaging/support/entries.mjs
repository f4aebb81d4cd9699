// The entries of the package, as a user imports them: what holds of one is tested of each.

import { readFileSync } from 'node:fs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const { exports } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

/** `{ name, file, loadsWasm }` of each: what to import, where it lies, and whether the module is a file beside it. */
const all = Object.entries(exports)
  .filter(([, conditions]) => conditions.default)
  .map(([path, conditions]) => ({
    name: path.replace('.', 'undrop'),
    file: conditions.default.replace('./', ''),
    loadsWasm: path === './slim',
  }));

const isForServers = ({ name }) => name.startsWith('undrop/server');

/** Those for pages. */
export const entries = all.filter((entry) => !isForServers(entry));

/** Those for servers, which tests/server imports. */
export const serverEntries = all.filter(isForServers);

export const [main] = entries;
