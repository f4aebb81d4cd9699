// `node node-server.mjs KIND`: a server that echoes each message, in one of the kinds below.

import { createServer } from 'node:http';
import { Sessions } from '../dist/server/index.js';
import { attach } from '../dist/server/node.js';
import { WebSocketServer as SessionServer } from '../dist/server/ws.js';
// The one that undrop uses. One of the contenders has brought an older one into this folder.
import { WebSocketServer } from '../node_modules/ws/wrapper.mjs';
import { listen } from './lib/listening.mjs';

/** What all clients have together, as they have one address. */
const unlimited = { sessionsPerAddress: 1e9, connectionsPerAddress: 1e9, handshakeBurst: 1e9 };

const echo = (server) =>
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });

const kinds = {
  ws: (server) => echo(new WebSocketServer({ server })),
  'undrop/server/ws': (server) => echo(new SessionServer({ server })),
  'undrop/server/node'(server) {
    const sessions = new Sessions({ origins: 'any', limits: unlimited });
    sessions.serve(async (session) => {
      for await (const received of session) await received.commit(received.message);
    });
    attach(server, '/', sessions);
  },
};

const server = createServer();
kinds[process.argv[2]](server);
listen(server);
