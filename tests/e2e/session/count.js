// Numbered messages both ways, each of which is counted where it arrives.

import { Undrop } from '../../../dist/session.js';

/** Sends so many numbers, hears as many, and says what became of both. `pace` is how many leave every 10 ms. */
export async function count(url, { numbers, pace }) {
  const socket = new Undrop(url, [], {
    resume: true,
    // For the sake of many losses in little time.
    retry: { cap: 50, resetAfter: 0 },
    connectTimeout: 1_000,
    heartbeat: { interval: 500, timeout: 500 },
  });
  const tally = { received: 0, lost: 0, duplicated: 0, reordered: 0, drops: 0, resumes: 0, opens: 0, returned: 0 };
  const seen = new Set();
  let last = 0;
  const heardAll = new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const number = Number(data);
      if (seen.has(number)) tally.duplicated++;
      else if (number < last) tally.reordered++;
      seen.add(number);
      last = Math.max(last, number);
      tally.received = seen.size;
      if (seen.size === numbers) resolve();
    };
  });
  socket.onopen = () => tally.opens++;
  socket.onresume = () => tally.resumes++;
  socket.ondrop = () => tally.drops++;
  socket.onlost = () => tally.returned++;
  let delivered;
  const sentAll = new Promise((resolve) => {
    let next = 1;
    const timer = setInterval(() => {
      for (let more = pace; more && next <= numbers; more--) delivered = socket.deliver(`${next++}`);
      if (next <= numbers) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });
  await sentAll;
  // In order: when the last has arrived, so have all.
  await delivered;
  await heardAll;
  tally.lost = last - seen.size;
  const { unacknowledged } = socket.stats;
  socket.close();
  return { ...tally, unacknowledged };
}
