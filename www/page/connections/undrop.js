// A socket of undrop, with any server: it reconnects by itself.

import { Undrop } from 'undrop/all';

const PING = '{"type":"ping","data":{}}';
const PONG = '{"type":"pong"}';

/** @param {import('./kinds.js').HeartbeatCallbacks} callbacks */
export function openUndrop(url, callbacks) {
  let sent = 0;
  const socket = new Undrop(url, [], {
    // The default delays are for a server with a hundred thousand clients. A room has fifty.
    retry: { first: 1_000, cap: 5_000 },
    heartbeat: {
      interval: 2_000,
      timeout: 3_000,
      message() {
        sent = performance.now();
        callbacks.probed();
        return PING;
      },
      reply(data) {
        if (data !== PONG) return false;
        callbacks.answered(performance.now() - sent);
        return true;
      },
    },
  });
  socket.binaryType = 'arraybuffer';
  return socket;
}
