// The runtimes, as far as the page uses them; and what an earlier block of the page has made.

declare module 'node:http' {
  export interface Server {
    listen(port: number, host: string): Server;
    on(name: 'upgrade', listener: (request: { url?: string }, stream: object, head: object) => void): void;
    close(): void;
  }
  export function createServer(): Server;
}
declare module 'undrop/server/node' {
  export function attach(server: object, path: string, sessions: object): () => void;
  export function upgrade(sessions: object, request: object, stream: object, head: object): void;
}
declare module 'ws' {
  export class WebSocketServer {
    constructor(options: { port: number });
    on(name: 'connection', listener: (socket: Connection) => void): void;
  }
  interface Connection {
    on(name: 'message', listener: (data: object) => void): void;
    send(data: string): void;
  }
}
declare module 'undrop/server/ws' {
  export { WebSocketServer } from 'ws';
}
declare const Bun: { serve(options: object & { fetch(request: Request, server: BunServer): unknown }): void };
interface BunServer {
  requestIP(request: Request): { address: string } | null;
  upgrade(request: Request, options: object): boolean;
}
declare const Deno: {
  serve(handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Response): void;
};
declare const process: { env: Record<string, string | undefined>; once(name: string, listener: () => void): void };
declare const sessions: import('undrop/server').Sessions;
declare const server: import('node:http').Server;
