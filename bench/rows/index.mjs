// The rows of the table, in its order. Each is `{ name, run(stage) }`, and `run` gives figures:
//
// - `title`, and the `unit` of the floor's own figure;
// - `relation`: `ratio` and `difference` are to the floor's of the same round, `value` is to nothing;
// - `samples`: for each contender its list of values, one a round;
// - `floor` and `control`: who is related to, and who is the same once more; the browser's own socket unless given;
// - `skipped`: for each contender that did not take part, why, if there are any;
// - `targets`: for contenders `{ most }` or `{ least }`, which the median of the relation has to reach, if there are any.

import { bytes } from './bytes.mjs';
import { cold } from './cold.mjs';
import { echo } from './echo.mjs';
import { event } from './event.mjs';
import { growth } from './growth.mjs';
import { profile } from './profile.mjs';
import { receive } from './receive.mjs';
import { reconnect } from './reconnect.mjs';
import { send } from './send.mjs';
import { server } from './server.mjs';

export const rows = [event, receive, echo, send, reconnect, cold, bytes, growth, server, profile];
