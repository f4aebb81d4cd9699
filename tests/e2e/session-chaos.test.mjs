// Nothing is lost between pages and two nodes of undrop-server.

import { chaos } from './session/chaos.mjs';

chaos(['rust', 'rust'], 20_000, { faults: 300, kills: 10, moves: 50 });
