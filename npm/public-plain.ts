// The types that an entry without sessions exports.

export type { LostEvent } from './events.js';
export type { UndropOptions } from './options.js';
export type * from './public-socket.js';
