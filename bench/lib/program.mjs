// Starts programs that print their progress as lines, and end when their standard input is closed.

import { createInterface } from 'node:readline';
import { Failure } from '../../scripts/lib/log.mjs';
import { ask, finished, start } from '../../scripts/lib/run.mjs';

export function startProgram(program, args, options = {}) {
  const child = start(program, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  const gone = finished(child, program);
  // A failure is reported by `stop` and by `line`.
  gone.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Returns the next line of its output. */
    async line() {
      const { value, done } = await lines.next();
      if (!done) return value;
      const { code } = await gone;
      throw new Failure(
        `${program} ${args.join(' ')}\n  ended with exit code ${code} before it printed the expected line`,
      );
    },
    /** Writes a line to its standard input. */
    say: (line) => child.stdin.write(`${line}\n`),
    /** Returns its resident memory, in bytes. */
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
