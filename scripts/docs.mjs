// `npm run docs`: writes docs/api.md, the reference of the package, from the types that a user's compiler reads, and the
// sizes of the entries into README.md and its translation.

import { writeFileSync } from 'node:fs';
import { reference, referencePath } from './docs/reference.mjs';
import { writeSizes } from './docs/sizes.mjs';
import { main } from './lib/log.mjs';
import { setUpAndBuild } from './lib/setup.mjs';

await main(async () => {
  await setUpAndBuild();
  writeFileSync(referencePath, reference());
  await writeSizes();
});
