// Nodes: processes that share their sessions through Redis, and that can be killed at any moment. They are of undrop-server, or
// of `undrop/server` for JavaScript.

import assert from 'node:assert/strict';
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

/**
 * Starts one of a kind, on a port that stays its own; `buildPrograms` and `buildPackage` must have built it. `options` are more
 * of its arguments.
 */
export async function startNode(redis, { kind = 'rust', options = [] } = {}) {
  const port = await lastingPort();
  const [program, ...given] = kinds[kind];
  const args = [...given, '--port', String(port), '--redis', redis, ...options];
  let running;
  const node = {
    url: `ws://127.0.0.1:${port}`,
    async start() {
      running = await startListening(program, args);
    },
    /** Ends it by a signal: SIGKILL is a power cut. */
    async end(signal) {
      running.child.kill(signal);
      const { code } = await running.gone;
      if (signal === 'SIGTERM') assert.equal(code, 0, 'a node ends in order');
    },
  };
  await node.start();
  return node;
}
