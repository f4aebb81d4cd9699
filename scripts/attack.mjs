// `npm run attack`: hostile clients of each kind against a server, and what they cost it and its other clients, as a table.
// `npm run attack -- flood pings`: these kinds alone. `npm run attack -- promises`: only what the configurations promise.

import { attack } from './lib/attack.mjs';
import { main } from './lib/log.mjs';
import { run } from './lib/run.mjs';

await main((names) => run('cargo', attack(...names)));
