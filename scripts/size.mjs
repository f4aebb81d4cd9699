// `npm run size`: the table of sizes of what is in `dist` now, without building it.

import { checkSizes } from './build/sizes.mjs';
import { main } from './lib/log.mjs';

await main(checkSizes);
