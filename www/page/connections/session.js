// A socket of undrop, with a server that takes part in sessions: no message is lost, and none arrives twice.

import { Undrop } from 'undrop/all';

/** The round trips of the protocol's heartbeat are in whole milliseconds, so the page sends pings of its own. */
const PING_INTERVAL = 3_000;
const heartbeat = { interval: 1_000, timeout: 3_000 };
/** A visitor may break the connection for as long as it pleases, and what is sent meanwhile is to arrive. */
const requestTimeout = Infinity;

/** @param {import('./kinds.js').HeartbeatCallbacks} callbacks */
export function openSession(url, callbacks) {
  const socket = new Undrop(url, [], { resume: true, retry: { first: 500, cap: 5_000 }, heartbeat, requestTimeout });
  socket.binaryType = 'arraybuffer';
  let isWaiting = false;
  const ping = async () => {
    if (isWaiting || socket.state !== 'open') return;
    isWaiting = true;
    const sent = performance.now();
    callbacks.probed();
    try {
      await socket.request('ping', {});
      callbacks.answered(performance.now() - sent);
    } catch {
      // The session is over.
    }
    isWaiting = false;
  };
  const timer = setInterval(ping, PING_INTERVAL);
  socket.addEventListener('close', () => clearInterval(timer));
  return socket;
}
