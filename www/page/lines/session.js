// The line as this project has it with a server that takes part: nothing is lost, and nothing comes twice.

import { Undrop } from 'undrop/all';

/** The protocol's own heartbeat is as fine as a millisecond, so the page asks too; its heartbeat is for the pauses between. */
const ASK_EVERY = 3_000;
const heartbeat = { interval: 1_000, timeout: 3_000 };

/** @param {import('./kinds.js').Ears} ears */
export function openSession(url, ears) {
  const line = new Undrop(url, [], { resume: true, retry: { cap: 5_000 }, heartbeat });
  line.binaryType = 'arraybuffer';
  let isAsking = false;
  const ask = async () => {
    if (isAsking || line.state !== 'open') return;
    isAsking = true;
    const asked = performance.now();
    ears.probed();
    try {
      await line.request('ping', {});
      ears.answered(performance.now() - asked);
    } catch {
      // Its session is over.
    }
    isAsking = false;
  };
  const timer = setInterval(ask, ASK_EVERY);
  line.addEventListener('close', () => clearInterval(timer));
  return line;
}
