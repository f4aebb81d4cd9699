// The runtimes, as far as the page uses them; and what an earlier block of the page has made.

/// <reference types="node" />

declare const Bun: {
  serve(options: { fetch(request: Request, server: BunServer): Response | undefined; websocket: object }): void;
};
interface BunServer {
  requestIP(request: Request): { address: string } | null;
  upgrade(request: Request, options: object): boolean;
}
declare const Deno: {
  serve(handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Response): void;
};
declare const sessions: import('undrop/server').Sessions;
declare const server: import('node:http').Server;
declare const redis: { close(): Promise<void> };
declare const client: import('undrop/server').TypedSession<In, Out>;
declare const lines: string[];
type In = { chat: { from: string; text: string } };
type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };
