// With a session, against a server that takes part in it.

import { listened } from './listened.js';
import { make } from './undrop.js';

export const open = (url, app) => listened(make(url.replace(/\/talk$/, '/session'), { resume: true }), app);
