// Without a session, against the server that would take part in one.

import { Undrop } from '../../dist/session.js';
import { listened } from './listened.js';

export const open = (url, app) => listened(new Undrop(url, [], { retry: { first: 1, cap: 1 } }), app);
