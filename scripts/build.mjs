// `npm run build`: makes the package in `dist` from the sources, and fails when an entry is above its budget.

import { buildPackage } from './lib/build.mjs';
import { main } from './lib/log.mjs';
import { forBuild, setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp(forBuild);
  await buildPackage();
});
