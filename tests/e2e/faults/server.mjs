// The server that misbehaves, as a process of its own that can be killed, stopped and started again on its port.

import { serverProgram, startListening } from '../../../scripts/lib/test-server.mjs';

/** `buildPrograms` must have built it. */
export async function startServer(port = 0) {
  const { url, child, gone } = await startListening(serverProgram, ['--port', String(port)]);
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
