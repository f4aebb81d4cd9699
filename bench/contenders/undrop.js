import { Undrop } from 'undrop';
import { listened } from './listened.js';

const make = (url, options) => new Undrop(url, [], { retry: { first: 1, cap: 1 }, ...options });

/** A socket that queues up to so many messages while it is not open. */
export const makeQueue = (url, messages) => make(url, { queue: { messages, bytes: 2 ** 32 - 1 } });

export const open = (url, app) => listened(make(url), app);
