// Bun and Deno, as far as the examples use them.

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
