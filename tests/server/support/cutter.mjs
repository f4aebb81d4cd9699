// A TCP proxy whose connections can be cut.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A socket that is being ended can't be reset any more: Node would keep its handle. */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

/** Forwards connections to a port of this machine. `cut()` resets all that there are, and returns how many. */
export async function startCutter(port) {
  const pairs = new Set();
  let isDown = false;
  const server = createServer((near) => {
    if (isDown) return near.resetAndDestroy();
    const far = connect(port, '127.0.0.1');
    const pair = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const { size } = pairs;
    for (const pair of pairs) for (const socket of pair) reset(socket);
    pairs.clear();
    return size;
  };
  return {
    port: server.address().port,
    url: `ws://127.0.0.1:${server.address().port}`,
    cut,
    /** Cuts and refuses all connections from now on, or none. */
    down(all = true) {
      isDown = all;
      if (all) cut();
    },
    stop() {
      cut();
      server.close();
    },
  };
}
