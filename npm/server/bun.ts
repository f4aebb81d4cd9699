// `undrop/server/bun`: sessions on the server of Bun.

import type { Admission, ServerConnection, ServerWebSocket, Sessions } from './index.js';

/** A WebSocket of Bun, as far as it is used here. */
interface BunWebSocket {
  data: Data;
  /** Returns how many bytes were sent; -1 if they wait, 0 if they were dropped. */
  send(data: string | Uint8Array): number;
  ping(): number;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** What a WebSocket of Bun carries. */
interface Data {
  admission: Admission;
  connection?: ServerConnection;
  drained?: () => void;
}

/** The server that `Bun.serve` returns and gives to `fetch`, as far as it is used here. */
interface BunServer {
  requestIP(request: Request): { address: string } | null;
  upgrade(request: Request, options: { headers?: Record<string, string>; data: Data }): boolean;
}

/**
 * Makes a connection a WebSocket that carries a session. Returns the answer if it is refused, and nothing otherwise, as `fetch`
 * has to then.
 *
 * ```js
 * import { upgrade, websocket } from 'undrop/server/bun';
 *
 * Bun.serve({ fetch: (request, server) => upgrade(sessions, request, server), websocket });
 * ```
 */
export const upgrade = (sessions: Sessions, request: Request, server: BunServer): Response | undefined => {
  const { pathname, search } = new URL(request.url);
  const headers = [...request.headers].flat();
  const admitted = sessions.admit(pathname + search, headers, server.requestIP(request)?.address);
  if ('status' in admitted) return new Response(admitted.text, { status: admitted.status });
  const { protocol } = admitted;
  const answer = protocol === undefined ? {} : { headers: { 'Sec-WebSocket-Protocol': protocol } };
  if (server.upgrade(request, { ...answer, data: { admission: admitted } })) return undefined;
  admitted.cancel();
  return new Response('this is for WebSockets', { status: 426 });
};

/** The option `websocket` of `Bun.serve`. For a largest message of more than 16 MiB, set its `maxPayloadLength` too. */
export const websocket = {
  maxPayloadLength: 16 << 20,
  // The session has a heartbeat of its own.
  idleTimeout: 0,
  sendPings: false,
  perMessageDeflate: false,

  open(socket: BunWebSocket) {
    const { data } = socket;
    let waiting = false;
    const native: ServerWebSocket = {
      send(bytes, isText) {
        waiting = socket.send(isText ? decoder.decode(bytes) : bytes) === -1 || waiting;
      },
      ping: () => void socket.ping(),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      isReady: () => !waiting,
      // Bun can't pause a WebSocket. What it reads meanwhile is held, as much as the limits of the sessions allow.
      pause() {},
    };
    const connection = data.admission.serve(native);
    data.connection = connection;
    data.drained = () => {
      waiting = false;
      connection.drained();
    };
  },
  message({ data }: BunWebSocket, message: string | Uint8Array) {
    if (typeof message === 'string') data.connection?.text(message);
    else data.connection?.message(message, false);
  },
  ping: ({ data }: BunWebSocket) => data.connection?.alive(),
  pong: ({ data }: BunWebSocket) => data.connection?.alive(),
  drain: ({ data }: BunWebSocket) => data.drained?.(),
  close: ({ data }: BunWebSocket, code: number, reason: string) => data.connection?.closed(code, reason),
};

const decoder = new TextDecoder();
