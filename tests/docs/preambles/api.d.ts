// The examples of the classes, which have one name; what those of the others can is what the last one can, too. And the runtimes
// of servers, and what an app has of its own.

/// <reference types="node" />
/// <reference path="./runtimes.d.ts" />

declare const Undrop: typeof import('undrop/all').Undrop;
declare const sessions: import('undrop/server').Sessions;
declare const room: string;
declare const lines: string[];
type In = { chat: { from: string; text: string } };
type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };
