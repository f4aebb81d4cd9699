// Numbered messages both ways, over connections to one node or another, and what arrived at both ends.

import { Undrop } from '../../../dist/session.js';
import { chance } from '../../support/random.mjs';
import { tally } from './tally.js';

/**
 * Sends so many numbers to undrop-server's `/count`, `pace` of them each 10 ms, and receives at least as many. Each attempt
 * goes to one of the `urls`, at random. After `reports` receipts on average it reports their number by a request for
 * `/receipts/N`.
 */
export async function count(urls, { numbers, pace, reports, seed }) {
  const random = chance(seed);
  let node;
  const choose = () => {
    node = random(urls.length);
    return urls[node];
  };
  const socket = new Undrop(choose, [], {
    resume: true,
    // For many drops in little time.
    retry: { cap: 50, resetAfter: 0 },
    connectTimeout: 1_000,
    heartbeat: { interval: 100, timeout: 100 },
  });
  const story = { opens: 0, drops: 0, resumes: 0, moves: 0, returned: 0 };
  let last;
  const arrive = () => {
    if (last !== undefined && last !== node) story.moves++;
    last = node;
  };
  socket.onopen = () => {
    story.opens++;
    arrive();
  };
  socket.onresume = () => {
    story.resumes++;
    arrive();
  };
  socket.ondrop = () => story.drops++;
  socket.onlost = () => story.returned++;

  // What arrived here, and by its receipts what arrived there, in order.
  const [here, there] = [[], []];
  let next = random(2 * reports);
  const counted = new Promise((resolve, reject) => {
    socket.onclose = ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}: ${JSON.stringify(story)}`));
    socket.onmessage = ({ data }) => {
      const [number, kind, text] = data.split(' ');
      here.push(Number(number));
      if (kind === '=') resolve({ sent: Number(number), arrived: Number(text) });
      if (kind !== '<') return;
      there.push(Number(text));
      if (there.length < next) return;
      next += 1 + random(2 * reports);
      fetch(`/receipts/${there.length}`);
    };
  });
  let [number, delivered] = [0];
  const timer = setInterval(() => {
    for (let more = pace; more && number < numbers; more--) socket.send(`${++number}`);
    if (number < numbers) return;
    clearInterval(timer);
    delivered = socket.deliver('end');
  }, 10);
  const { sent, arrived } = await counted;
  await delivered;
  const { unacknowledged } = socket.stats;
  socket.onclose = null;
  socket.close();
  return { ...story, unacknowledged, arrived, page: tally(here, sent), server: tally(there, numbers) };
}
