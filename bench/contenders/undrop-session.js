// With a session, and a server that supports sessions.

import { Undrop } from '../../dist/session.js';
import { listened } from './listened.js';

export const open = async (url, app) => {
  const socket = new Undrop(url, [], { retry: { first: 1, cap: 1 }, resume: true });
  socket.addEventListener('resume', () => app.opened());
  const connection = await listened(socket, app);
  // A close by the server would end the session too.
  return { ...connection, drop: () => socket.reconnect() };
};

/** The messages of its server, for the synthetic socket. */
export const wire = {
  protocol: 'undrop.1',
  answer: (text) => (text === '\x10new' ? `\x10welcome ${'0'.repeat(32)} 60000 1 4294967295` : undefined),
};
