// A WebSocket of the package ws, as the core has it; and the answer to a handshake that is refused.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { wrong } from '../../src/messages/registry.js';
import { readInTurns } from './reading.js';
import type { Admission, Handler, Rejection, ServerWebSocket } from './sessions.js';

/** Bun has a package ws of its own, which does without the streams that are needed here: its first client would end the process. */
export const refuseBun = (entry: string): void => {
  if (process.versions.bun !== undefined) throw wrong(`${entry} is for Node: under Bun, import undrop/server/bun`);
};

/** Has a WebSocket served. `handler` is for the session that begins on it, in place of that of the sessions. */
export const connect = (admission: Admission, socket: WebSocket, stream: Duplex, handler?: Handler) => {
  let isCorked = false;
  const uncork = () => {
    if (!isCorked) return;
    isCorked = false;
    stream.uncork();
  };
  const native: ServerWebSocket = {
    // What is written until all promises that are resolved have run leaves in one packet: acknowledgements and answers, and those
    // of a handler that awaits each commit.
    send(bytes, isText) {
      if (!isCorked) {
        isCorked = true;
        stream.cork();
        process.nextTick(uncork);
      }
      // Copied into Node's pool, which is faster than an array of its own.
      socket.send(Buffer.from(bytes), { binary: !isText });
    },
    ping: () => socket.ping(),
    close(code, reason) {
      uncork();
      socket.close(code, reason);
    },
    terminate() {
      uncork();
      socket.terminate();
    },
    isReady: () => !stream.writableNeedDrain,
    pause: (isPaused) => (isPaused ? socket.pause() : socket.resume()),
  };
  const connection = admission.serve(native, handler);
  readInTurns(socket, stream, connection);
  socket.on('message', (data, isBinary) => connection.message(data as Buffer, !isBinary));
  socket.on('ping', () => connection.alive());
  socket.on('pong', () => connection.alive());
  socket.on('close', (code, reason) => connection.closed(code, reason.toString()));
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
export const reject = (stream: Duplex, { status, text }: Rejection) => {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  stream.on('error', () => stream.destroy());
  // A client that does not end its side would keep the connection.
  stream.once('finish', () => stream.destroy());
  stream.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
};
