// `npm run setup`: everything that any command of the project needs, browsers included. Safe to repeat.
// The other commands do their own part of it.

import { main } from './lib/log.mjs';
import { parts, setUp } from './lib/setup.mjs';

await main(() => setUp(Object.keys(parts)));
