// `undrop/server/deno`: sessions on the server of Deno.

import type { Admission, ServerWebSocket, Sessions } from './index.js';

/** What is used here of Deno. */
interface Runtime {
  upgradeWebSocket(
    request: Request,
    options: { protocol?: string; idleTimeout: number },
  ): { socket: WebSocket; response: Response };
}

/** What `Deno.serve` tells of a connection, as far as it is used here. */
interface ConnectionInfo {
  remoteAddr: { hostname?: string };
}

/** A WebSocket in which more waits takes no more for now. */
const MOST_WAITING = 64 << 10;
/** How often is looked whether it does again, in milliseconds: Deno does not tell. */
const LOOK = 10;
/** How long a client may be silent before Deno asks it, in seconds. */
const IDLE = 30;

/**
 * Makes a connection a WebSocket that carries a session. Returns the answer.
 *
 * ```js
 * import { upgrade } from 'undrop/server/deno';
 *
 * Deno.serve((request, info) => upgrade(sessions, request, info));
 * ```
 */
export const upgrade = (sessions: Sessions, request: Request, info?: ConnectionInfo): Response => {
  const { pathname, search } = new URL(request.url);
  const headers = [...request.headers].flat();
  const admitted = sessions.admit(pathname + search, headers, info?.remoteAddr.hostname);
  if ('status' in admitted) return new Response(admitted.text, { status: admitted.status });
  const { protocol } = admitted;
  const { Deno } = globalThis as unknown as { Deno: Runtime };
  try {
    const options = { idleTimeout: IDLE, ...(protocol === undefined ? {} : { protocol }) };
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    connect(admitted, socket);
    return response;
  } catch (error) {
    admitted.cancel();
    // It is not a handshake of WebSockets.
    if (error instanceof TypeError) return new Response('this is for WebSockets', { status: 426 });
    throw error;
  }
};

const connect = (admission: Admission, socket: WebSocket) => {
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => serve(admission, socket);
  // A connection that is reset is an error too. It is closed then.
  socket.onerror = () => {};
  socket.onclose = () => admission.cancel();
};

const serve = (admission: Admission, socket: WebSocket) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isReady = () => socket.bufferedAmount < MOST_WAITING;
  const look = () => {
    timer = undefined;
    if (isReady()) connection.drained();
    else timer = setTimeout(look, LOOK);
  };
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  const close = (code: number | undefined, reason: string) => {
    if (isOpen()) socket.close(code, reason);
  };
  const native: ServerWebSocket = {
    send(bytes, isText) {
      if (isOpen()) socket.send(isText ? decoder.decode(bytes) : bytes.slice());
    },
    // Deno sends pings by itself, and closes what does not answer.
    ping: () => queueMicrotask(() => connection.alive()),
    close,
    // Deno can't drop a connection. A close frame is the next best.
    terminate: () => close(1001, ''),
    isReady() {
      if (isReady()) return true;
      timer ??= setTimeout(look, LOOK);
      return false;
    },
    // Deno can't pause a WebSocket. What it reads meanwhile is held, as much as the limits of the sessions allow.
    pause() {},
  };
  const connection = admission.serve(native);
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data !== 'string') connection.message(new Uint8Array(data), false);
    else connection.text(data);
  };
  socket.onclose = ({ code, reason }) => {
    clearTimeout(timer);
    connection.closed(code, reason);
  };
};

const decoder = new TextDecoder();
