// `undrop/server`: sessions for servers in JavaScript.

export { Handshake, Refused } from './handshake.js';
export { type Log, setLog } from './log.js';
export { type IoRedis, type NodeRedis, RedisStore } from './redis.js';
export { type Cause, type Ending, Received, type Sendable, Session, SessionError } from './session.js';
export {
  type Admission,
  type Bounds,
  type Handler,
  type Limits,
  type Rejection,
  type ServerConnection,
  type ServerWebSocket,
  Sessions,
  type SessionsOptions,
  type WorstCase,
} from './sessions.js';
