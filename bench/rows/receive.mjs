// Messages as fast as the server sends them: how many a second reach the application.

import { connected, contenders } from '../contenders/index.mjs';
import { inRounds } from '../lib/rounds.mjs';

const FLOODS = {
  '100 B JSON': { count: 10_000, size: 100, binary: false },
  '100 B binary': { count: 10_000, size: 100, binary: true },
  '64 KiB JSON': { count: 200, size: 1 << 16, binary: false },
  '64 KiB binary': { count: 200, size: 1 << 16, binary: true },
};

export const receive = {
  name: 'receive',
  async run(stage) {
    const { names, skipped } = await stage.page(connected);
    for (const name of names) await stage.call('connect', name, stage.urlOf(name));
    const plan = stage.quick ? { warmUp: 2, rounds: 7 } : { warmUp: 5, rounds: 31 };
    const figures = [];
    for (const [title, flood] of Object.entries(FLOODS)) {
      const able = names.filter((name) => contenders[name].binary || !flood.binary);
      const unable = names.filter((name) => !able.includes(name)).map((name) => [name, 'carries no bytes']);
      const samples = await inRounds(able, plan, (name) => stage.call('receive', name, flood));
      const perSecond = (list) => list.map(({ time }) => (flood.count / time) * 1_000);
      figures.push({
        title: `receive, ${title}`,
        unit: 'messages/s',
        relation: 'ratio',
        samples: Object.fromEntries(Object.entries(samples).map(([name, list]) => [name, perSecond(list)])),
        skipped: { ...skipped, ...Object.fromEntries(unable) },
        targets: {
          undrop: { least: 0.97 },
          'undrop, session': { least: 0.95 },
          'undrop, on(type)': { least: 0.97 },
        },
      });
    }
    return figures;
  },
};
