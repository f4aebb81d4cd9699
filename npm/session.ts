import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export type { DropEvent } from './events.js';
export type { Cause, Decide, Drop, Heartbeat, Queue, Retry } from './options.js';
export type { Delivering, DeliveryError, Resume, SessionOptions, SessionStats } from './resume.js';
export { Undrop, Undrop as default } from './resuming.js';
export type { LostEvent } from './session-events.js';
export type { Given, State } from './undrop.js';
