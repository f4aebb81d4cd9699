// The server that misbehaves, as a process of its own that can be killed, stopped and started again on its port.

import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { target } from '../../../scripts/lib/paths.mjs';
import { finished, start } from '../../../scripts/lib/run.mjs';

const program = join(target, 'release/undrop-test-server');

/** `buildPrograms` must have built it. */
export async function startServer(port = 0) {
  const child = start(program, ['--port', String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = finished(child, program);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const url = line.match(/^listening (ws:\S+)$/)[1];
  const signal = (name) => {
    child.kill(name);
    return name === 'SIGKILL' ? gone : undefined;
  };
  return {
    url,
    port: Number(new URL(url).port),
    /** Sends it a signal; after SIGKILL resolves when it is gone. */
    signal,
    /** What it has counted of the connections with this `id`. */
    async stats(id) {
      return (await fetch(`${url.replace('ws', 'http')}/stats?id=${id}`)).json();
    },
    async stop() {
      signal('SIGCONT');
      child.stdin.end();
      await gone;
    },
  };
}
