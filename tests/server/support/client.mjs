// Clients of the servers under test, and what they hear.

import { Undrop } from '../../support/client-in-node.mjs';

/** Values that come one by one: `next()` is the next one, whether it has come or not. */
export function inbox() {
  const arrived = [];
  const waiting = [];
  return {
    put(value) {
      const wake = waiting.shift();
      if (wake) wake(value);
      else arrived.push(value);
    },
    next: () =>
      arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)),
  };
}

/** The next event of this name. */
export const nextEvent = (target, name) =>
  new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

/** A client with a session, that keeps what it hears. `next()` is the next message. */
export function talk(url, protocols = []) {
  const socket = new Undrop(url, protocols, { resume: true, retry: { first: 1, cap: 1 } });
  const { put, next } = inbox();
  socket.onmessage = ({ data }) => put(data);
  return {
    socket,
    next,
    event: (name) => nextEvent(socket, name),
    send: (message) => socket.send(message),
    close: (code = 1000) => socket.close(code),
  };
}
