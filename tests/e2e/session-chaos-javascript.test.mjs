// Nothing is lost between pages and nodes in JavaScript, or a session that moves between one in Rust and one in JavaScript.

import { chaos } from './session/chaos.mjs';

const isWhole = process.env.UNDROP_CHAOS === 'whole';

// A node in JavaScript takes longer to be there again, and while it is not, nothing moves to it.
const least = { faults: 150, kills: 5, moves: 15 };
chaos(['rust', 'javascript'], isWhole ? 20_000 : 10_000, least);
if (isWhole) chaos(['javascript', 'javascript with ioredis'], 20_000, least);
