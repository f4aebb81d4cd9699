// hocuspocus over sessions: as far as it knows, no connection drops.

import { Hocuspocus } from '@hocuspocus/server';
import { WebSocketServer } from 'undrop/server/ws';

// It closes what has said nothing for so long. A session may be without a connection for two minutes.
export const hocuspocus = new Hocuspocus({ timeout: 180_000 });

export const server = new WebSocketServer({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
server.on('connection', (socket, { url, headers }) => {
  const request = new Request(new URL(url, 'http://localhost'), { headers });
  const client = hocuspocus.handleConnection(socket, request);
  socket.on('message', (data) => client.handleMessage(data));
  socket.on('close', (code, reason) => client.handleClose({ code, reason: reason.toString() }));
});
