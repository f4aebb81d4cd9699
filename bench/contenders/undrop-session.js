// With a session, against a server that takes part in it.

import { Undrop } from '../../dist/session.js';
import { listened } from './listened.js';

export const open = async (url, app) => {
  const socket = new Undrop(url, [], { retry: { first: 1, cap: 1 }, resume: true });
  socket.addEventListener('resume', () => app.opened());
  const line = await listened(socket, app);
  // Its server could only end the session with the line.
  return { ...line, lose: () => socket.reconnect() };
};

/** What its server says, for a socket that has none. */
export const wire = {
  protocol: 'undrop.1',
  answer: (text) => (text === '\x10new' ? `\x10welcome ${'0'.repeat(32)} 60000 1` : undefined),
};
