// The heap that a reconnect leaves behind: the connection drops and reconnects many times in one page.

import { besideFloor, connected, isUntyped, PLAIN, SESSION } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

/** After so many reconnects the engine has compiled and cached everything. */
const WARM_UP = 1_000;

export const reconnect = {
  name: 'reconnect',
  async run(stage) {
    const names = connected.filter((name) => isUntyped(name) && besideFloor.includes(name));
    const times = stage.quick ? 200 : 500;
    const samples = await inRounds(names, { warmUp: 0, rounds: 1 }, async (name) => {
      await stage.connect([name]);
      await stage.call('reconnect', name, stage.quick ? 300 : WARM_UP);
      const before = await heap(stage);
      await stage.call('reconnect', name, times);
      return { bytes: ((await heap(stage)) - before) / times };
    });
    return [
      {
        title: 'heap that a reconnect leaves behind, after 1,000 of them',
        unit: 'B',
        relation: 'value',
        samples: pick(samples, 'bytes'),
        targets: { [PLAIN]: { most: 12 }, [SESSION]: { most: 12 } },
      },
    ];
  },
};

/** Collects the garbage and returns the heap that is left, including wasm's memory. */
async function heap({ browser }) {
  // Finalizers run between two collections, and the next one frees what they have released.
  for (let times = 0; times < 3; times++) {
    await browser.send('HeapProfiler.collectGarbage');
    await browser.run('() => new Promise((resolve) => setTimeout(resolve, 50))');
  }
  const { usedSize, backingStorageSize = 0 } = await browser.send('Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}
