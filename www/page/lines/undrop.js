// The line as this project has it with any server: it comes back by itself.

import { Undrop } from 'undrop/all';

const PING = '{"type":"ping","data":{}}';
const PONG = '{"type":"pong"}';

/** @param {import('./kinds.js').Ears} ears */
export function openUndrop(url, ears) {
  let asked = 0;
  const line = new Undrop(url, [], {
    // A room of fifty on one machine need not be spared as a server of a hundred thousand must be.
    retry: { first: 1_000, cap: 5_000 },
    heartbeat: {
      interval: 2_000,
      timeout: 3_000,
      message() {
        asked = performance.now();
        ears.probed();
        return PING;
      },
      reply(data) {
        if (data !== PONG) return false;
        ears.answered(performance.now() - asked);
        return true;
      },
    },
  });
  line.binaryType = 'arraybuffer';
  return line;
}
