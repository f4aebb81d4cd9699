// `undrop/server/node`: sessions on an HTTP server of Node, by the package ws.

import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Admission, Sessions } from './index.js';
import { connect, reject } from './websocket.js';

/**
 * Serves sessions on a path of an HTTP or HTTPS server. Other paths stay free for other WebSockets. Returns a function that
 * takes no more connections.
 *
 * ```js
 * const server = createServer().listen(8080);
 * attach(server, '/room', sessions);
 * ```
 */
export const attach = (server: Server | SecureServer, path: string, sessions: Sessions): (() => void) => {
  if (!path.startsWith('/')) throw new TypeError(`Undrop: a path begins with a slash, unlike ${JSON.stringify(path)}`);
  const upgraded = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (new URL(request.url ?? '/', 'http://server').pathname === path) upgrade(sessions, request, stream, head);
  };
  server.on('upgrade', upgraded);
  return () => {
    server.off('upgrade', upgraded);
  };
};

/** Serves the connection of a request that asks for a WebSocket, wherever the app has it from. */
export const upgrade = (sessions: Sessions, request: IncomingMessage, stream: Duplex, head: Buffer): void => {
  const { remoteAddress } = request.socket;
  // The client has gone meanwhile.
  if (stream.destroyed) return;
  const admitted = sessions.admit(request.url ?? '/', request.rawHeaders, remoteAddress);
  if ('status' in admitted) reject(stream, admitted);
  else accept(admitted, request, stream, head);
};

const accept = (admission: Admission, request: IncomingMessage, stream: Duplex, head: Buffer) => {
  const { mostBytes, protocol } = admission;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: mostBytes,
    handleProtocols: () => protocol ?? false,
  });
  // ws refuses a request that is no handshake, and the client may have gone meanwhile.
  stream.once('close', () => admission.cancel());
  sockets.handleUpgrade(request, stream, head, (socket) => connect(admission, socket, stream));
};
