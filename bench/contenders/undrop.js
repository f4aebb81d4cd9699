import { Undrop } from 'undrop';
import { listened } from './listened.js';

const make = (url, options) => new Undrop(url, [], { retry: { first: 1, cap: 1 }, ...options });

/** With room for so many messages while the line is down. */
export const makeQueue = (url, messages) => make(url, { queue: { messages, bytes: 2 ** 32 - 1 } });

export const open = (url, app) => listened(make(url), app);
