// What a call of `send` takes, and how long it takes until the server has all of them.

import { connected } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const TITLES = { call: ['send, 100 B, a call', 'ns'], upload: ['upload, 100 B, to the last acknowledgement', 'ms'] };

export const send = {
  name: 'send',
  async run(stage) {
    // `send` is the same whether messages are typed or not.
    const cast = connected.filter((name) => name !== 'undrop, on(type)');
    const { names, skipped } = await stage.page(cast);
    for (const name of names) await stage.call('connect', name, stage.urlOf(name));
    const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 2_000] : [{ warmUp: 5, rounds: 31 }, 5_000];
    const samples = await inRounds(names, plan, (name) => stage.call('send', name, { count, size: 100 }));
    return Object.entries(TITLES).map(([field, [title, unit]]) => ({
      title,
      unit,
      relation: 'ratio',
      samples: pick(samples, field),
      skipped,
      targets: { undrop: { most: 1.05 }, 'undrop, session': { most: 1.05 } },
    }));
  },
};
