import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export { type AllOptions, Undrop, Undrop as default } from './complete.js';
export type { DropEvent } from './events.js';
export type { Cause, Decide, Drop, Heartbeat, Queue, Retry } from './options.js';
export type { Delivering, DeliveryError, Resume, SessionOptions, SessionStats } from './resume.js';
export type { Issue, StandardSchema } from './schema.js';
export type { LostEvent } from './session-events.js';
export type { Collecting } from './streams.js';
export type { MessageStats } from './typed.js';
export type { Codec, Envelope, InvalidEvent, Listening, ReplyError, Schemas, Waiting } from './typing.js';
export type { Given, State } from './undrop.js';
