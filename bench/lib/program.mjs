// Programs that say by lines how far they are, and end when their standard input does.

import { createInterface } from 'node:readline';
import { Failure } from '../../scripts/lib/log.mjs';
import { ask, finished, start } from '../../scripts/lib/run.mjs';

export function startProgram(program, args, options = {}) {
  const child = start(program, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  const gone = finished(child, program);
  // Its end is looked at when it is stopped, and when a line is missed.
  gone.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** The next line that it says. */
    async line() {
      const { value, done } = await lines.next();
      if (!done) return value;
      const { code } = await gone;
      throw new Failure(`${program} ${args.join(' ')}\n  ended with exit code ${code}, and was to say something`);
    },
    /** Its memory, in bytes. */
    async memory() {
      const text = await ask('ps', ['-o', 'rss=', '-p', String(child.pid)]);
      return Number(text) * 1024;
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}
