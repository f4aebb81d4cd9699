// The messages a second that reach the application when the server sends as fast as possible.

import {
  besideFloor,
  besideSessionless,
  connected,
  contenders,
  PLAIN,
  SESSION,
  SESSIONLESS,
  SESSIONLESS_CONTROL,
  TYPED,
} from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

const FLOODS = {
  '100 B JSON': { count: 10_000, size: 100, binary: false },
  '100 B binary': { count: 10_000, size: 100, binary: true },
  '64 KiB JSON': { count: 200, size: 1 << 16, binary: false },
  '64 KiB binary': { count: 200, size: 1 << 16, binary: true },
};

export const receive = {
  name: 'receive',
  async run(stage) {
    await stage.connect(connected);
    const plan = stage.quick ? { warmUp: 2, rounds: 7 } : { warmUp: 5, rounds: 31 };
    const figures = [];
    for (const [title, flood] of Object.entries(FLOODS)) {
      const able = connected.filter((name) => contenders[name].binary || !flood.binary);
      const unable = connected.filter((name) => !able.includes(name)).map((name) => [name, 'no binary messages']);
      const samples = await inRounds(able, plan, async (name) => {
        const { time } = await stage.call('receive', name, flood);
        return { perSecond: (flood.count / time) * 1_000 };
      });
      const figure = { unit: 'messages/s', relation: 'ratio' };
      figures.push(
        {
          ...figure,
          title: `receive, ${title}`,
          samples: pick(samples, 'perSecond', besideFloor),
          skipped: Object.fromEntries(unable),
          targets: { [PLAIN]: { least: 0.97 }, [SESSION]: { least: 0.95 }, [TYPED]: { least: 0.97 } },
        },
        {
          ...figure,
          title: `receive, ${title}, a session compared with none`,
          samples: pick(samples, 'perSecond', besideSessionless),
          floor: SESSIONLESS,
          control: SESSIONLESS_CONTROL,
          targets: { [SESSION]: { least: 0.95 } },
        },
      );
    }
    return figures;
  },
};
