// Nodes: processes that share their sessions through Redis, and that can be killed at any moment. They are of undrop-server, or
// of `undrop/server` for JavaScript.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
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
 * Starts one of a kind, on a port that stays its own; `buildPrograms` and `buildPackage` must have built it. Without `redis` its
 * sessions are in memory. `options` are more of its arguments, and `files` is how many it may have open. With the directives `log` of
 * a node in Rust, `lines` are what it has logged, and `logs(text)` waits for a line with this.
 */
export async function startNode(redis, { kind = 'rust', options = [], files, log } = {}) {
  const port = await lastingPort();
  const [program, ...args] = files
    ? ['sh', '-c', `ulimit -n ${files} && exec "$@"`, 'sh', ...kinds[kind]]
    : kinds[kind];
  args.push('--port', String(port), ...options);
  if (redis) args.push('--redis', redis);
  if (log) args.push('--log', log);
  const logged = new EventEmitter();
  let running;
  const node = {
    url: `ws://127.0.0.1:${port}`,
    async start() {
      running = await startListening(program, args, { stderr: log ? 'pipe' : 'inherit' });
      if (!log) return;
      createInterface({ input: running.child.stderr }).on('line', (line) => {
        node.lines.push(line);
        logged.emit('line');
      });
    },
    pid: () => running.child.pid,
    lines: [],
    async logs(text) {
      while (!node.lines.some((line) => line.includes(text))) await once(logged, 'line');
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
