// Nothing is lost between pages and nodes in JavaScript, or a session that moves between one in Rust and one in JavaScript.

import { chaos } from './session/chaos.mjs';

const isWhole = process.env.UNDROP_CHAOS === 'whole';

chaos(['rust', 'javascript'], isWhole ? 20_000 : 5_000);
if (isWhole) chaos(['javascript', 'javascript with ioredis'], 20_000);
