// `undrop/server`: sessions for servers in JavaScript.

export type { Codec, Envelope } from '../description.js';
export type { Issue, StandardSchema } from '../schema.js';
export { Handshake, Refused } from './handshake.js';
export { type Log, setLog } from './log.js';
export type { Bounds, Limits, SessionsOptions } from './options.js';
export { type IoRedis, type NodeRedis, RedisStore } from './redis.js';
export { type Cause, type CloseFrame, type Ending, Received, type Sendable, Session, SessionError } from './session.js';
export {
  type Admission,
  type Handler,
  type Rejection,
  type ServerConnection,
  type ServerWebSocket,
  Sessions,
  type WorstCase,
} from './sessions.js';
export {
  type Handlers,
  type Invalid,
  type OnHandlers,
  ReplyError,
  type RequestHandlers,
  type SharedSchemas,
  TypedMessages,
  type TypedOptions,
  TypedReceived,
  TypedSession,
} from './typed.js';
