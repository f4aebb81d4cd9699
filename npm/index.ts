import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export type { DropEvent, LostEvent } from './events.js';
export type { Cause, Decide, Drop, Heartbeat, Queue, Retry, UndropOptions } from './options.js';
export { type Given, type State, type Stats, Undrop, Undrop as default } from './undrop.js';
