// Cores that do not sleep. One that has nothing to do does, above all in a virtual machine, and to wake it takes longer
// than what a client adds to a round trip: whoever wakes it twice where once would do looks faster for it.

import { availableParallelism, constants, setPriority } from 'node:os';
import { start } from '../../scripts/lib/run.mjs';

/** Spins, and ends with who started it. */
const SPIN = 'const { ppid } = process; while (process.ppid === ppid) for (let n = 0; n < 1e8; n++);';

/** Does the work while each core has something to do that everything else comes before. */
export async function withCoresAwake(work) {
  const spinners = Array.from({ length: availableParallelism() }, () => {
    const child = start(process.execPath, ['-e', SPIN], { stdio: 'ignore' });
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
    return child;
  });
  try {
    return await work();
  } finally {
    for (const spinner of spinners) spinner.kill();
  }
}
