// `undrop/server/node`: sessions on an HTTP server of Node, by the package ws.

import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Admission, Sessions } from './index.js';
import { connect, reject } from './websocket.js';

/** What is served on which path of a server. */
const attachments = new WeakMap<Server | SecureServer, Map<string, Sessions>>();

/**
 * Serves sessions on a path of an HTTP or HTTPS server. Other paths stay free for other WebSockets: unless something else listens
 * for them, they are answered with 404. Returns a function that takes no more connections.
 *
 * ```js
 * const server = createServer().listen(8080);
 * attach(server, '/room', sessions);
 * ```
 */
export const attach = (server: Server | SecureServer, path: string, sessions: Sessions): (() => void) => {
  if (!path.startsWith('/')) throw new TypeError(`Undrop: a path begins with a slash, unlike ${JSON.stringify(path)}`);
  const paths = attachments.get(server) ?? listen(server);
  paths.set(path, sessions);
  return () => {
    if (paths.get(path) === sessions) paths.delete(path);
  };
};

/** Listens for the WebSockets of a server, on paths that are added to what this returns. */
const listen = (server: Server | SecureServer): Map<string, Sessions> => {
  const paths = new Map<string, Sessions>();
  attachments.set(server, paths);
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Whatever a client writes there, as it is: not all of it is a URL.
    const [path = ''] = (request.url ?? '').split('?', 1);
    const sessions = paths.get(path);
    if (sessions) upgrade(sessions, request, stream, head);
    else if (server.listenerCount('upgrade') === 1) reject(stream, { status: 404, text: 'nothing is served here' });
    // Until somebody else has taken it, a connection that is reset would end the process.
    else stream.on('error', () => {});
  });
  return paths;
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
    autoPong: false,
    maxPayload: mostBytes,
    handleProtocols: () => protocol ?? false,
  });
  // ws refuses a request that is no handshake, and the client may have gone meanwhile.
  stream.once('close', () => admission.cancel());
  sockets.handleUpgrade(request, stream, head, (socket) => {
    connect(admission, socket, stream);
    answerPings(socket);
  });
};

/** A pong that has not left is for an older ping, and the next one will do for both: the client may ask for more than it reads. */
const answerPings = (socket: WebSocket) => {
  let isLeaving = false;
  let next: Buffer | undefined;
  const answer = (data: Buffer) => {
    next = data;
    if (isLeaving || socket.readyState !== WebSocket.OPEN) return;
    isLeaving = true;
    next = undefined;
    socket.pong(data, false, () => {
      isLeaving = false;
      if (next) answer(next);
    });
  };
  socket.on('ping', answer);
};
