import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export type { Cause, Decide, Drop, Heartbeat, Queue, Retry } from './options.js';
export {
  type Delivering,
  type DeliveryError,
  type Resume,
  type SessionOptions,
  type SessionStats,
  Undrop,
  Undrop as default,
} from './resuming.js';
export type { DropEvent, LostEvent } from './session-events.js';
export type { Given, State } from './undrop.js';
