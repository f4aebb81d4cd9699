// `undrop/server/ws`: what must compile, and under each `@ts-expect-error` what must not.

import { createServer, type IncomingMessage } from 'node:http';
import type { Session } from 'undrop/server';
import Default, { createWebSocketStream, type ServedSocket, SessionWebSocket, WebSocketServer } from 'undrop/server/ws';
import { WebSocket, type WebSocketServer as WsServer } from 'ws';
import { same } from '../same';

const server = new WebSocketServer({
  port: 8080,
  clientTracking: true,
  sessions: { origins: ['https://app.example'] },
});

// The session of a socket is there to be asked for, and a client may have none.
server.on('connection', (socket, request) => {
  same<typeof socket.session, Session | undefined>(true);
  same<typeof request, IncomingMessage>(true);
  // @ts-expect-error it may be undefined
  socket.session.id;
  if (socket.session) socket.session.id satisfies string;
  if (socket instanceof SessionWebSocket) same<typeof socket.session, Session>(true);
  // @ts-expect-error it is read alone
  socket.session = undefined;
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  createWebSocketStream(socket);
});
server.once('connection', (socket) => socket.session);
server.addListener('connection', (socket) => socket.session);
for (const socket of server.clients) same<typeof socket.session, Session | undefined>(true);

// What was written for ws goes on.
server.on('connection', (socket: WebSocket, request) => request.url ?? socket.protocol);
const listener = (socket: Default) => socket.terminate();
server.on('connection', listener).off('connection', listener);
server.on('error', (error) => error.message);
server.on('headers', (headers) => headers.push('Server: undrop'));
const others: WsServer = new WebSocketServer({
  noServer: true,
  WebSocket,
  handleProtocols: (offers) => [...offers][0] ?? false,
});
createServer().on('upgrade', (request, stream, head) => {
  server.handleUpgrade(request, stream, head, (socket) => server.emit('connection', socket, request));
  server.handleUpgrade(request, stream, head, (socket: WebSocket) => others.emit('connection', socket, request));
});
const served = (socket: ServedSocket) => socket.session?.user;
served(new WebSocket('ws://127.0.0.1/'));
declare const session: SessionWebSocket;
served(session);

// @ts-expect-error it is a type alone
new ServedSocket('ws://127.0.0.1/');
