// The client in Node: the package's `undrop/session` over the WebSocket of undici, which newer Nodes have as their own.

import { CloseEvent, ErrorEvent, MessageEvent, WebSocket } from 'undici';

Object.assign(globalThis, { CloseEvent, ErrorEvent, MessageEvent, WebSocket });

export const { Undrop } = await import('../../../dist/session.js');

/** A client with a session, that notes what it hears. `next()` is the next message. */
export function talk(url, protocols = []) {
  const socket = new Undrop(url, protocols, { resume: true, retry: { first: 1, cap: 1 } });
  const heard = [];
  const waiting = [];
  socket.onmessage = ({ data }) => {
    const wake = waiting.shift();
    if (wake) wake(data);
    else heard.push(data);
  };
  return {
    socket,
    next: () => (heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve))),
    event: (name) => new Promise((resolve) => socket.addEventListener(name, resolve, { once: true })),
    send: (message) => socket.send(message),
    close: (code = 1000) => socket.close(code),
  };
}
