// The rows of the table, in its order. Each is `{ name, run(stage) }`, and `run` returns figures:
//
// - `title`, and the `unit` of the floor's own figure;
// - `relation`: `ratio` or `difference` to the floor of the same round, or `value` for the samples themselves;
// - `samples`: for each contender its list of values, one a round;
// - `floor` and `control`: the contender that the others are related to, and the same once more. Default: the browser's socket;
// - `skipped`, optional: for each contender that did not take part, the reason;
// - `targets`, optional: for a contender the `{ most }` or `{ least }` that the median of the relation has to reach.

import { bytes } from './bytes.mjs';
import { cluster } from './cluster.mjs';
import { cold } from './cold.mjs';
import { echo } from './echo.mjs';
import { event } from './event.mjs';
import { growth } from './growth.mjs';
import { node } from './node.mjs';
import { profile } from './profile.mjs';
import { receive } from './receive.mjs';
import { reconnect } from './reconnect.mjs';
import { send } from './send.mjs';
import { server } from './server.mjs';

export const rows = [event, receive, echo, send, reconnect, cold, bytes, growth, server, node, cluster, profile];
