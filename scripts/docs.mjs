// `npm run docs`: writes docs/api.md, the reference of the package, from the types that a user's compiler reads.

import { writeFileSync } from 'node:fs';
import { reference, referencePath } from './docs/reference.mjs';
import { buildPackage } from './lib/build.mjs';
import { main } from './lib/log.mjs';
import { forBuild, setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp(forBuild);
  await buildPackage();
  writeFileSync(referencePath, reference());
});
