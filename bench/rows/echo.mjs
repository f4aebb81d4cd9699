// There and back, one message after the other.

import { besideFloor, besidePlain, connected, PLAIN, PLAIN_CONTROL, SESSION, TYPED } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const TARGETS = { p50: 1.02, p99: 1.1 };

export const echo = {
  name: 'echo',
  async run(stage) {
    await stage.line(connected);
    const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 300] : [{ warmUp: 3, rounds: 31 }, 1_000];
    const samples = await inRounds(connected, plan, (name) => stage.call('echo', name, { count, size: 100 }));
    const figures = Object.entries(TARGETS).map(([percentile, most]) => ({
      title: `echo round trip, 100 B, ${percentile}`,
      unit: 'ms',
      relation: 'ratio',
      samples: pick(samples, percentile, besideFloor),
      targets: { [PLAIN]: { most }, [TYPED]: { most } },
    }));
    figures.push({
      title: 'echo round trip, 100 B, p50, a session beside none',
      unit: 'ms',
      relation: 'ratio',
      samples: pick(samples, 'p50', besidePlain),
      floor: PLAIN,
      control: PLAIN_CONTROL,
      targets: { [SESSION]: { most: 1.05 } },
    });
    return figures;
  },
};
