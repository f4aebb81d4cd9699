// Uses what is for Node, on an HTTP server of the runtime's own, and prints what each of it throws.

import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { Sessions } from '../../../dist/server/index.js';
import { attach, upgrade } from '../../../dist/server/node.js';
import { WebSocketServer } from '../../../dist/server/ws.js';

const sessions = new Sessions().serve(() => {});
const request = { url: '/', rawHeaders: [], socket: { remoteAddress: '127.0.0.1' } };
const uses = {
  attach: () => attach(createServer(), '/', sessions),
  upgrade: () => upgrade(sessions, request, new Duplex(), Buffer.alloc(0)),
  WebSocketServer: () => new WebSocketServer({ noServer: true }),
};
for (const [name, use] of Object.entries(uses)) {
  try {
    use();
    console.log(`${name}: nothing`);
  } catch (error) {
    console.log(`${name}: ${error}`);
  }
}
