// `undrop/server/node`: sessions on an HTTP server of Node, by the package ws.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { wrong } from '../../src/messages/registry.js';
import { type Check, check } from './checks.js';
import { type Admission, Sessions } from './index.js';
import { connect, refuseBun, reject } from './websocket.js';

/** What is served on which path of a server. */
const attachments = new WeakMap<Server | SecureServer, Map<string, Sessions>>();

/**
 * Serves sessions on a path of an HTTP or HTTPS server. Other paths stay free for other WebSockets: unless something else listens
 * for them, they are answered with 404. Returns a function that takes no more connections.
 *
 * ```js
 * import { createServer } from 'node:http';
 * import { attach } from 'undrop/server/node';
 *
 * const server = createServer().listen(8080);
 * attach(server, '/room', sessions);
 * ```
 */
export const attach = (server: Server | SecureServer, path: string, sessions: Sessions): (() => void) => {
  refuseBun('undrop/server/node');
  check('the server of attach(server, path, sessions)', httpServer, server);
  check('the path of attach(server, path, sessions)', urlPath, path);
  check('the sessions of attach(server, path, sessions)', theSessions, sessions);
  const paths = attachments.get(server) ?? listen(server);
  if (paths.has(path))
    throw wrong(`sessions are attached to ${path} already: call what that attach has returned before the next one`);
  paths.set(path, sessions);
  return () => {
    if (paths.get(path) === sessions) paths.delete(path);
  };
};

const httpServer: Check = {
  must: 'a server of node:http or node:https',
  fits: (server) => typeof (server as Server | null)?.on === 'function',
};
const urlPath: Check = {
  must: "a path that begins with a slash, such as '/room'",
  fits: (path) => typeof path === 'string' && path.startsWith('/'),
};
const theSessions: Check = {
  must: 'what new Sessions() makes',
  fits: (sessions) => sessions instanceof Sessions,
};

/** Listens for the WebSockets of a server, on paths that are added to what this returns. */
const listen = (server: Server | SecureServer): Map<string, Sessions> => {
  const paths = new Map<string, Sessions>();
  attachments.set(server, paths);
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const sessions = paths.get(pathOf(request));
    if (sessions) upgrade(sessions, request, stream, head);
    else if (server.listenerCount('upgrade') === 1) reject(stream, { status: 404, text: 'nothing is served here' });
    // Until somebody else has taken it, a connection that is reset would end the process.
    else stream.on('error', () => {});
  });
  // A server that has nothing else to listen for requests would leave them without an answer.
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const [first, ...others] = server.listeners('request');
    if (first !== answer || others.length > 0) return;
    if (paths.has(pathOf(request)))
      response.writeHead(426, { Connection: 'upgrade', Upgrade: 'websocket' }).end('this is for WebSockets');
    else response.writeHead(404).end('nothing is served here');
  };
  server.on('request', answer);
  return paths;
};

/** The path, whatever a client writes there: not all of it is a URL. */
const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] as string;

/** Serves the connection of a request that asks for a WebSocket, wherever the app has it from. */
export const upgrade = (sessions: Sessions, request: IncomingMessage, stream: Duplex, head: Buffer): void => {
  refuseBun('undrop/server/node');
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
