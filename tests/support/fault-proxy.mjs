// A TCP proxy that injures the lines that go through it. What it does not injure passes byte for byte.

import { connect, createServer } from 'node:net';

/** Lines to `url` go through it; a new line is never injured by what was done to those before. */
export async function startFaultProxy(url, { idle = 0 } = {}) {
  const { hostname, port } = new URL(url);
  const lines = new Set();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: hostname, noDelay: true, allowHalfOpen: true });
    const line = { near, far };
    lines.add(line);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.pipe(to);
      // Each end's `close` follows its `error`.
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        lines.delete(line);
      });
    }
    // As a load balancer does with a line on which nothing was said for too long.
    if (idle) near.setTimeout(idle, () => end(line));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const each = (injure) => () => [...lines].map(injure).length;
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    /** How many lines go through it now. */
    count: () => lines.size,
    /** Ends TCP towards the client with RST. Returns how many lines that were, as do the others. */
    reset: each(({ near }) => near.resetAndDestroy()),
    /** Ends TCP in order, in both directions. */
    fin: each(end),
    /** From now on nothing passes, in either direction, and nothing ends. */
    blackhole: each(({ near, far }) => {
      near.unpipe(far).resume();
      far.unpipe(near).resume();
    }),
    async stop() {
      for (const { near, far } of lines) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function end({ near, far }) {
  near.end();
  far.end();
}
