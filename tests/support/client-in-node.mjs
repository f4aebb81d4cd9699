// The package's `undrop/session` in Node: over the WebSocket of undici, which newer Nodes have as their own.

import { CloseEvent, ErrorEvent, MessageEvent, WebSocket } from 'undici';

// What a browser has, and Node 20 has not.
Object.assign(globalThis, { CloseEvent, ErrorEvent, MessageEvent, WebSocket });
globalThis.reportError ??= (error) => console.error(error);

export const { Undrop } = await import('../../dist/session.js');
