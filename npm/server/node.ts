// `undrop/server/node`: sessions on an HTTP server of Node, by the package ws.

import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Admission, Rejection, ServerWebSocket, Sessions } from './index.js';

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
  let isAccepted = false;
  // ws refuses a request that is no handshake, and the client may have gone meanwhile.
  stream.once('close', () => {
    if (!isAccepted) admission.cancel();
  });
  sockets.handleUpgrade(request, stream, head, (socket) => {
    isAccepted = true;
    connect(admission, socket, stream);
  });
};

const connect = (admission: Admission, socket: WebSocket, stream: Duplex) => {
  let isCorked = false;
  const flush = () => {
    if (!isCorked) return;
    isCorked = false;
    stream.uncork();
  };
  const native: ServerWebSocket = {
    // What is written in one turn leaves in one packet.
    send(bytes, isText) {
      if (!isCorked) stream.cork();
      isCorked = true;
      socket.send(bytes, { binary: !isText });
    },
    ping: () => socket.ping(),
    close(code, reason) {
      flush();
      socket.close(code, reason);
    },
    terminate() {
      flush();
      socket.terminate();
    },
    flush,
    isReady: () => !stream.writableNeedDrain,
    pause: (isPaused) => (isPaused ? socket.pause() : socket.resume()),
  };
  const connection = admission.serve(native);
  socket.on('message', (data, isBinary) => connection.message(data as Buffer, !isBinary));
  socket.on('ping', () => connection.alive());
  socket.on('pong', () => connection.alive());
  socket.on('close', () => connection.closed());
  // ws answers with a close frame by itself.
  socket.on('error', (error: NodeJS.ErrnoException) => connection.unreadable(codeOf(error)));
  stream.on('drain', () => connection.drained());
};

/** The close code for what can't be read. */
const codeOf = ({ code }: NodeJS.ErrnoException) => {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (code === 'WS_ERR_INVALID_UTF8') return 1007;
  return 1002;
};

/** Answers a handshake that is refused. The text is for people and programs: a browser does not show it to a page. */
const reject = (stream: Duplex, { status, text }: Rejection) => {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  stream.on('error', () => stream.destroy());
  stream.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
};
