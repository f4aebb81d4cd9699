// `npm run build`: makes the package in `dist` from the sources, and fails when an entry is above its budget.

import { main } from './lib/log.mjs';
import { setUpAndBuild } from './lib/setup.mjs';

await main(async () => {
  await setUpAndBuild();
});
