// The types that an entry with sessions exports.

export type { FaultEvent, LostInSessionEvent as LostEvent } from './events.js';
export type {
  OptionsForSession,
  OptionsWithoutSession,
  OptionsWithSession,
  Reset,
  Resume,
  SessionHeartbeat,
  SessionOptions,
} from './options.js';
export type * from './public-socket.js';
export type { Delivering, DeliveryError, SessionStats } from './sessions.js';
