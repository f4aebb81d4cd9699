// The time that a contender adds to a message, without a network: see `page/synthetic.js`.

import { besideFloor, PLAIN, TYPED } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const SIZES = { '100 B': 100, '1 KB': 1_000 };

/** Not a contender: the time that the browser takes to make an event and to call one listener. */
const DISPATCH = 'the browser';

const each = (target) => ({ [PLAIN]: target, [TYPED]: target });

export const event = {
  name: 'event',
  async run(stage) {
    await stage.page(besideFloor, { synthetic: true });
    for (const name of besideFloor) await stage.call('connectSynthetic', name);
    const [plan, count] = stage.quick ? [{ warmUp: 3, rounds: 7 }, 1_000] : [{ warmUp: 10, rounds: 51 }, 2_000];
    const figures = [];
    for (const [title, size] of Object.entries(SIZES)) {
      const samples = await inRounds([...besideFloor, DISPATCH], plan, (name) =>
        name === DISPATCH ? stage.call('dispatch', { count, size }) : stage.call('deliver', name, { count, size }),
      );
      const { [DISPATCH]: dispatch, ...own } = pick(samples, 'time');
      const whole = Object.entries(own).map(([name, times]) => [
        name,
        times.map((time, round) => time + dispatch[round]),
      ]);
      figures.push(
        {
          title: `a message event and what the application does with it, synthetic socket, ${title}`,
          unit: 'ns',
          relation: 'ratio',
          samples: Object.fromEntries(whole),
          targets: each({ most: 1.05 }),
        },
        {
          title: `ns over native a message, synthetic socket, ${title}`,
          unit: 'ns',
          relation: 'difference',
          samples: own,
          targets: each({ most: 100 }),
        },
      );
    }
    return figures;
  },
};
