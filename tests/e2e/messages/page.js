// What the scenes have in common, in the page.

import { Undrop } from '../../../dist/messages.js';

/** What is thrown, or rejected, and reaches nobody but the page. */
export const reported = [];

export function watchErrors() {
  for (const [type, what] of Object.entries({ error: 'error', unhandledrejection: 'reason' })) {
    addEventListener(type, (event) => {
      event.preventDefault();
      reported.push(String(event[what]?.message ?? event[what]));
    });
  }
}

/** The next event of a type. */
export const event = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** An open socket. The test server's `/echo` returns what it gets, so a test plays both ends. */
export async function open(url, options) {
  const socket = new Undrop(url, [], options);
  await event(socket, 'open');
  return socket;
}

/** What a promise rejects with: its name. */
export const rejection = (promise) =>
  promise.then(
    () => 'it did not reject',
    (error) => error?.name ?? error,
  );

/** What the server has counted. */
export const stats = async (id) => (await fetch(`/stats?id=${id}`)).json();

/** Collects what arrives, as `type data`. */
export const log = (socket, ...types) => {
  const entries = [];
  for (const type of types) socket.on(type, (data, type) => entries.push(`${type} ${JSON.stringify(data)}`));
  return entries;
};

/** Until all that was sent has come back. */
export async function echoed(socket) {
  const next = socket.next('end of echo');
  socket.emit('end of echo');
  await next;
}

/**
 * Calls `act` as between the arrival of the peer's close frame and the close event: the native socket says that it is closing, and
 * nobody has been told.
 */
export function whilePeerCloses(act) {
  const readyState = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'readyState');
  Object.defineProperty(WebSocket.prototype, 'readyState', { ...readyState, get: () => WebSocket.CLOSING });
  try {
    return act();
  } finally {
    Object.defineProperty(WebSocket.prototype, 'readyState', readyState);
  }
}
