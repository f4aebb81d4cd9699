// Nodes: processes of undrop-server that share their sessions through Redis, and that can be killed at any moment.

import { lastingPort } from '../../scripts/lib/ports.mjs';
import { nodeProgram, startListening } from '../../scripts/lib/test-server.mjs';

/** Starts one; `buildPrograms` must have built it. */
export async function startNode(redis) {
  const port = await lastingPort();
  // Its clients reconnect as fast as they themselves want to.
  const start = () => startListening(nodeProgram, ['--port', String(port), '--redis', redis, '--spread', '1']);
  let running = await start();
  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.gone;
  };
  return {
    url: running.url,
    /** Kills it as a power cut would, and starts it again where it was. */
    async restart() {
      await kill();
      running = await start();
    },
    stop: kill,
  };
}
