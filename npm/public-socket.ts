// The types that each entry exports.

export type { Given } from './conversions.js';
export type { ClosedEvent, DropEvent } from './events.js';
export type { Authenticate, Cause, Connection, Decide, Drop, Heartbeat, Queue, Retry } from './options.js';
export type { State } from './socket.js';
