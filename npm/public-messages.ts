// The types that an entry with typed messages exports beside the others.

export type { Issue, StandardSchema } from './schema.js';
export type { Collecting } from './streams.js';
export type { MessageStats } from './typed-messages.js';
export type { Codec, Envelope, InvalidEvent, Listening, ReplyError, Schemas, Waiting } from './typing.js';
