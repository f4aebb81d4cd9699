// The adapters of `undrop/server` for Node, Bun and Deno: what must compile, and under each `@ts-expect-error` what must not.

import { createServer } from 'node:http';
import { Sessions } from 'undrop/server';
import * as bun from 'undrop/server/bun';
import * as deno from 'undrop/server/deno';
import * as node from 'undrop/server/node';
import { same } from '../same';

const sessions = new Sessions();
declare const request: Request;

const server = createServer();
same<ReturnType<typeof node.attach>, () => void>(true);
node.attach(server, '/room', sessions)();
server.on('upgrade', (request, stream, head) => node.upgrade(sessions, request, stream, head));
// @ts-expect-error a path is missing
node.attach(server, sessions);

declare const ofBun: Parameters<typeof bun.upgrade>[2];
same<ReturnType<typeof bun.upgrade>, Response | undefined>(true);
bun.upgrade(sessions, request, ofBun);
bun.websocket.maxPayloadLength satisfies number;
// @ts-expect-error the server is missing
bun.upgrade(sessions, request);

same<ReturnType<typeof deno.upgrade>, Response>(true);
deno.upgrade(sessions, request);
deno.upgrade(sessions, request, { remoteAddr: { hostname: '127.0.0.1' } });
