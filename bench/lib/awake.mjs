// Keeps the cores awake. An idle core sleeps, above all in a virtual machine, and waking it takes longer than what a client adds
// to a round trip. A client that happens to keep a core awake would look faster.

import { availableParallelism, constants, setPriority } from 'node:os';
import { start } from '../../scripts/lib/run.mjs';

/** A program that spins until its parent ends. */
const SPIN = 'const { ppid } = process; while (process.ppid === ppid) for (let n = 0; n < 1e8; n++);';

/** Does the work while a process of low priority keeps each core busy. */
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
