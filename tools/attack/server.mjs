// The server of JavaScript that `npm run attack -- --server node` attacks: what src/server.rs is in Rust. Its only argument is the
// small configuration, as JSON. It prints its address, how much memory it lets its clients take, in all and from one address, and
// what the runtime takes beside that. It serves until its standard input ends.

import { createServer } from 'node:http';
import { setTimeout as later } from 'node:timers/promises';
import { Sessions, setLog } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';

/** What a connection takes that is no WebSocket: its head of 16 KiB, as it came and as it was parsed. */
const REQUEST = 32 << 10;
/** What V8 compiles once it is busy, and has not collected: as it was measured. */
const RUNTIME = 128 << 20;

const config = JSON.parse(process.argv[2]);
// A handler throws as it is asked to, by the thousand.
setLog(() => {});

const handlers = {
  /** Ends the session of a client that takes no more answers. */
  async '/echo'(session) {
    try {
      for await (const received of session) await received.commit(received.message);
    } catch {}
  },
  /** Sends as much as the client's outbox takes, and again whenever it has taken some. */
  async '/talk'(session) {
    const message = new Uint8Array(4 << 10).fill(7);
    for (;;) {
      try {
        for (;;) session.send(message);
      } catch (error) {
        if (error.code !== 'full') return;
      }
      await later(20);
    }
  },
  /** Receives nothing, and stays when its session is over. */
  '/stuck': () => new Promise(() => {}),
  async '/panic'(session) {
    if (await session.next()) throw new Error('as asked');
  },
};

const sessions = new Sessions(config.sessions);
sessions.serve((session) => handlers[session.handshake.url](session));

const server = createServer({
  headersTimeout: config.headerTimeout,
  requestTimeout: config.headerTimeout,
  connectionsCheckingInterval: config.headerTimeout / 4,
  maxHeaderSize: config.headerBytes,
});
// Those that are WebSockets are among them.
server.maxConnections = config.sessions.limits.connections + config.connections;
for (const path of Object.keys(handlers)) attach(server, path, sessions);

server.listen(0, '127.0.0.1', () => {
  const { total, perAddress } = sessions.worstCase();
  const { address, port } = server.address();
  // One address may have all of them.
  const requests = server.maxConnections * REQUEST;
  console.log(`${address}:${port} ${total + requests} ${perAddress + requests} ${RUNTIME}`);
});
process.stdin.resume().on('end', () => process.exit());
