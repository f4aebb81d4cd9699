// The types that an entry with typed messages exports beside the others.

export type { Codec, Envelope, Schemas } from './description.js';
export type { Issue, StandardSchema } from './schema.js';
export type { Collecting } from './streams.js';
export type { MessageStats } from './typed-messages.js';
export type { InvalidEvent, Listening, ReplyError, Waiting } from './typing.js';
