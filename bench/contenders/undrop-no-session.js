// Without a session, with the server that supports sessions.

import { Undrop } from '../../dist/session.js';
import { listened } from './listened.js';

export const open = (url, app) => listened(new Undrop(url, [], { retry: { first: 1, cap: 1 } }), app);
