// Nothing is lost between pages and nodes in JavaScript, or a session that moves between one in Rust and one in JavaScript.

import { chaos } from './session/chaos.mjs';

// A node in JavaScript takes longer to be there again, and while it is not, nothing moves to it.
if (process.env.UNDROP_CHAOS === 'whole') {
  const least = { faults: 300, kills: 10, moves: 30 };
  chaos(['rust', 'javascript'], 20_000, least);
  chaos(['javascript', 'javascript with ioredis'], 20_000, least);
} else {
  chaos(['rust', 'javascript'], 10_000, { faults: 150, kills: 5, moves: 15 });
}
