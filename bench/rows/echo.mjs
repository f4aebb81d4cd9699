// There and back, one message after the other.

import { connected } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const TARGETS = { p50: 1.02, p99: 1.1 };

export const echo = {
  name: 'echo',
  async run(stage) {
    const { names, skipped } = await stage.page(connected);
    for (const name of names) await stage.call('connect', name, stage.urlOf(name));
    const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 300] : [{ warmUp: 3, rounds: 31 }, 1_000];
    const samples = await inRounds(names, plan, (name) => stage.call('echo', name, { count, size: 100 }));
    return Object.entries(TARGETS).map(([percentile, most]) => ({
      title: `echo round trip, ${percentile}`,
      unit: 'ms',
      relation: 'ratio',
      samples: pick(samples, percentile),
      skipped,
      targets: { undrop: { most }, 'undrop, session': { most }, 'undrop, on(type)': { most } },
    }));
  },
};
