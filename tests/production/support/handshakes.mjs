// Clients that are nothing but a handshake and what follows it.

import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

/**
 * Opens a WebSocket for a session, and returns `{ status, socket }`, where the status is that of the answer. `proxy` is one of the
 * page, or a node; `options` are those of `ws`.
 */
export function shakeHands({ url, authority }, options = {}) {
  const ca = authority && readFileSync(authority);
  const socket = new WebSocket(`${url}/echo`, 'undrop.1', { ca, ...options });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ status: 101, socket }));
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      resolve({ status: response.statusCode, socket });
    });
    socket.on('error', reject);
  });
}

/** The statuses of so many handshakes, one after the other. Their connections are closed again. */
export async function statuses(proxy, count, options) {
  const found = [];
  for (let number = 0; number < count; number++) {
    const { status, socket } = await shakeHands(proxy, options);
    socket.terminate();
    found.push(status);
  }
  return found;
}

/** Asks for a session, and returns how the server answers: `welcome`, or the code of the close. */
export function begin(socket) {
  socket.send('\u0010new');
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve(data.toString().slice(1).split(' ')[0]));
    socket.once('close', resolve);
  });
}
