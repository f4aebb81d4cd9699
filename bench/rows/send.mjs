// The time of a call of `send`, and the time until the server has received all messages.

import {
  besideFloor,
  besideSessionless,
  connected,
  isUntyped,
  PLAIN,
  SESSION,
  SESSIONLESS,
  SESSIONLESS_CONTROL,
} from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

export const send = {
  name: 'send',
  async run(stage) {
    const names = connected.filter(isUntyped);
    await stage.connect(names);
    const [plan, count] = stage.quick ? [{ warmUp: 2, rounds: 7 }, 2_000] : [{ warmUp: 5, rounds: 31 }, 5_000];
    const samples = await inRounds(names, plan, async (name) => {
      const { call, upload } = await stage.call('send', name, { count, size: 100 });
      return { call, upload, perSecond: (count / upload) * 1_000 };
    });
    const targets = { [PLAIN]: { most: 1.05 } };
    return [
      {
        title: 'send, 100 B, a call',
        unit: 'ns',
        relation: 'ratio',
        samples: pick(samples, 'call', besideFloor),
        targets,
      },
      {
        title: 'upload, 100 B, to the last acknowledgement',
        unit: 'ms',
        relation: 'ratio',
        samples: pick(samples, 'upload', besideFloor),
        targets,
      },
      {
        title: 'upload, 100 B, a session compared with none',
        unit: 'messages/s',
        relation: 'ratio',
        samples: pick(samples, 'perSecond', besideSessionless),
        floor: SESSIONLESS,
        control: SESSIONLESS_CONTROL,
        targets: { [SESSION]: { least: 0.95 } },
      },
    ];
  },
};
