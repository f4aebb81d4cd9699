// The round trip of a message, one message after the other.

import {
  besideFloor,
  besideSessionless,
  connected,
  PLAIN,
  SESSION,
  SESSIONLESS,
  SESSIONLESS_CONTROL,
  TYPED,
} from '../contenders/index.mjs';
import { withCoresAwake } from '../lib/awake.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const TARGETS = { p50: 1.02, p99: 1.1 };

const figure = { unit: 'ms', relation: 'ratio' };
const besideNone = { ...figure, floor: SESSIONLESS, control: SESSIONLESS_CONTROL };

export const echo = {
  name: 'echo',
  async run(stage) {
    await stage.connect(connected);
    const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 300] : [{ warmUp: 3, rounds: 31 }, 1_000];
    const measure = (names) => inRounds(names, plan, (name) => stage.call('echo', name, { count, size: 100 }));
    const samples = await measure(connected);
    const awake = await withCoresAwake(() => measure(besideSessionless));
    return [
      ...Object.entries(TARGETS).map(([percentile, most]) => ({
        ...figure,
        title: `echo round trip, 100 B, ${percentile}`,
        samples: pick(samples, percentile, besideFloor),
        targets: { [PLAIN]: { most }, [TYPED]: { most } },
      })),
      {
        ...besideNone,
        title: 'echo round trip, 100 B, p50, a session compared with none',
        samples: pick(awake, 'p50'),
        targets: { [SESSION]: { most: 1.05 } },
      },
      {
        ...besideNone,
        title: 'echo round trip, 100 B, p50, a session compared with none, on cores that may sleep',
        samples: pick(samples, 'p50', besideSessionless),
      },
    ];
  },
};
