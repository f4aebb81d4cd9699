import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export type { DropEvent, LostEvent } from './events.js';
export type { Cause, Decide, Drop, Heartbeat, Queue, Retry, UndropOptions } from './options.js';
export type { Issue, StandardSchema } from './schema.js';
export type { Collecting } from './streams.js';
export { type MessageStats, Undrop, Undrop as default } from './typed.js';
export type {
  Codec,
  Envelope,
  InvalidEvent,
  Listening,
  MessageOptions,
  ReplyError,
  Schemas,
  Waiting,
} from './typing.js';
export type { Given, State } from './undrop.js';
