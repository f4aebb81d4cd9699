// `npm run attack`: hostile clients of each kind against a server, and what they cost it and its other clients, as a table.
// `npm run attack -- flood pings`: these kinds alone. `npm run attack -- --server node`: a server of `undrop/server` on Node.
// `npm run attack -- promises`: only what the configurations promise.

import { attack } from './lib/attack.mjs';
import { main } from './lib/log.mjs';
import { run } from './lib/run.mjs';
import { setUpAndBuild } from './lib/setup.mjs';

await main(async (args) => {
  if (args.includes('node')) await setUpAndBuild();
  await run('cargo', attack(...args));
});
