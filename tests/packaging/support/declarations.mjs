// The declarations that a TypeScript project reads.

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The declarations of each entry of the package in `folder`, and all that they import from it. */
export function publicDeclarations(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const found = new Set();
  const follow = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const imports = readFileSync(path, 'utf8').matchAll(/\b(?:from|import)[\s(]*['"](\..+?)\.js['"]/g);
    for (const [, name] of imports) follow(resolve(dirname(path), `${name}.d.ts`));
  };
  for (const { types } of Object.values(exports)) if (types) follow(join(folder, types));
  return [...found];
}
