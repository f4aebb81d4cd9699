// Nodes: processes that share their sessions through Redis, and that can be killed at any moment. They are of undrop-server, or
// of `undrop/server` for JavaScript.

import { fileURLToPath } from 'node:url';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { nodeProgram, startListening } from '../../scripts/lib/test-server.mjs';

const javascriptNode = fileURLToPath(new URL('javascript-node.mjs', import.meta.url));

/** The kinds of nodes: each the program, and its first arguments. */
export const kinds = {
  rust: [nodeProgram],
  // Through either package for Redis.
  javascript: [process.execPath, javascriptNode, '--client', 'redis'],
  'javascript with ioredis': [process.execPath, javascriptNode, '--client', 'ioredis'],
};

/** Starts one of a kind; `buildPrograms` and `buildPackage` must have built it. */
export async function startNode(redis, kind = 'rust') {
  const port = await lastingPort();
  const [program, ...given] = kinds[kind];
  // Its clients reconnect as fast as they themselves want to.
  const start = () => startListening(program, [...given, '--port', String(port), '--redis', redis, '--spread', '1']);
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
