// What a reconnect leaves behind on the heap: the server closes, the line comes back, many times over in one page.

import { besideFloor, connected, isUntyped, PLAIN, SESSION } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

/** After so many the engine has compiled and cached what it will. */
const WARM_UP = 1_000;

export const reconnect = {
  name: 'reconnect',
  async run(stage) {
    const names = connected.filter((name) => isUntyped(name) && besideFloor.includes(name));
    const times = stage.quick ? 200 : 500;
    const samples = await inRounds(names, { warmUp: 0, rounds: 1 }, async (name) => {
      await stage.line([name]);
      await stage.call('loseAndMend', name, stage.quick ? 300 : WARM_UP);
      const before = await heap(stage);
      await stage.call('loseAndMend', name, times);
      return { bytes: ((await heap(stage)) - before) / times };
    });
    return [
      {
        title: 'heap that a reconnect leaves, after 1,000 of them',
        unit: 'B',
        relation: 'value',
        samples: pick(samples, 'bytes'),
        targets: { [PLAIN]: { most: 12 }, [SESSION]: { most: 12 } },
      },
    ];
  },
};

/** What is left once the garbage is gone, wasm's memory with it. */
async function heap({ browser }) {
  // What finalizers let go of is gone after one collection more, and they run in between.
  for (let times = 0; times < 3; times++) {
    await browser.send('HeapProfiler.collectGarbage');
    await browser.run('() => new Promise((resolve) => setTimeout(resolve, 50))');
  }
  const { usedSize, backingStorageSize = 0 } = await browser.send('Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}
