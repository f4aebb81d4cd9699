// Nodes: processes of undrop-server that share their sessions through Redis, and that can be killed at any moment.

import { createServer } from 'node:net';
import { nodeProgram, startListening } from '../../scripts/lib/test-server.mjs';
import { chance } from './random.mjs';

/** Starts one; `buildNode` must have built it. */
export async function startNode(redis) {
  const port = await permanentPort();
  const start = () => startListening(nodeProgram, ['--port', String(port), '--redis', redis]);
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

/**
 * A port that is still free when what listens there was killed: below those that systems give to who dials.
 * <https://www.rfc-editor.org/rfc/rfc6335#section-6>
 */
async function permanentPort() {
  const random = chance(process.pid);
  for (;;) {
    const port = 20_000 + random(12_000);
    const isFree = await new Promise((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
