// The cost of a message with many sockets in a page, many queued messages, or many message types.

import { CONTROL, FLOOR, PLAIN, TYPED } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const queues = [PLAIN, 'reconnecting-websocket', 'partysocket'];
const decades = (most) => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].filter((count) => count <= most);
/** In seconds. A contender that would take longer with ten times as many messages is skipped from there on. */
const LONGEST = 60;
/** After so many messages the code that handles them is compiled. */
const WARM_UP = 2_000;
const number = (count) => count.toLocaleString('en');

export const growth = {
  name: 'growth',
  run: async (stage) => [...(await manySockets(stage)), ...(await manyQueued(stage)), ...(await manyTypes(stage))],
};

async function manySockets(stage) {
  const figures = [];
  const [plan, messages] = stage.quick ? [{ warmUp: 2, rounds: 5 }, 1_000] : [{ warmUp: 5, rounds: 31 }, 4_000];
  const names = [FLOOR, CONTROL, PLAIN];
  for (const count of decades(1_000)) {
    await stage.page(names, { synthetic: true });
    for (const name of names) await stage.call('connectSynthetic', name, { count });
    const samples = await inRounds(names, plan, (name) => stage.call('deliver', name, { count: messages, size: 100 }));
    figures.push({
      title: `ns over native a message, sockets in the page: ${number(count)}`,
      unit: 'ns',
      relation: 'difference',
      samples: pick(samples, 'time'),
      targets: { [PLAIN]: { most: 100 } },
    });
  }
  return figures;
}

async function manyQueued(stage) {
  const figures = [];
  const plan = stage.quick ? { warmUp: 0, rounds: 1 } : { warmUp: 1, rounds: 3 };
  const skipped = {};
  for (const count of decades(stage.quick ? 10_000 : 1_000_000).filter((count) => count >= 1_000)) {
    const names = queues.filter((name) => !(name in skipped));
    const samples = await inRounds(names, plan, async (name) => {
      await stage.page([name], { synthetic: true });
      await stage.call('queue', name, { count: WARM_UP, size: 100 });
      return stage.call('queue', name, { count, size: 100 });
    });
    for (const [field, what] of [
      ['queue', 'to queue one'],
      ['flush', 'to send one'],
    ])
      figures.push({
        title: `of ${number(count)} queued messages, ${what}`,
        unit: 'ns',
        relation: 'value',
        samples: pick(samples, field),
        skipped: { ...skipped },
      });
    for (const name of names) {
      const slowest = Math.max(...samples[name].map((sample) => (sample.queue + sample.flush) / 1e9));
      if (slowest * count * 10 > LONGEST)
        skipped[name] = `would take minutes: ${(slowest * 1e6).toFixed(0)} µs a message at ${number(count)}`;
    }
  }
  return figures;
}

async function manyTypes(stage) {
  const figures = [];
  const [plan, messages] = stage.quick ? [{ warmUp: 2, rounds: 5 }, 1_000] : [{ warmUp: 5, rounds: 31 }, 4_000];
  const names = [FLOOR, CONTROL, TYPED];
  for (const types of decades(10_000)) {
    await stage.page(names, { synthetic: true });
    for (const name of names) await stage.call('connectSynthetic', name, { types });
    const samples = await inRounds(names, plan, (name) =>
      stage.call('deliver', name, { count: messages, size: 100, types }),
    );
    figures.push({
      title: `ns over native a message, types of messages: ${number(types)}`,
      unit: 'ns',
      relation: 'difference',
      samples: pick(samples, 'time'),
      targets: { [TYPED]: { most: 100 } },
    });
  }
  return figures;
}
