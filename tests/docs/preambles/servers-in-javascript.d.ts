// The runtimes, and what an earlier block of the page has made.

/// <reference types="node" />
/// <reference path="./runtimes.d.ts" />

declare const sessions: import('undrop/server').Sessions;
declare const server: import('node:http').Server;
declare const redis: { close(): Promise<void> };
declare const client: import('undrop/server').TypedSession<In, Out>;
declare const lines: string[];
type In = { chat: { from: string; text: string } };
type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };
