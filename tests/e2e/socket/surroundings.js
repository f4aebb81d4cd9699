// What a page, or its browser, may be like.

import { Undrop } from '../../../dist/index.js';
import { echo, next } from './tools.js';

/** Calls `act` while `navigator.onLine` is another value. */
const whileOnLineIs = async (value, act) => {
  Object.defineProperty(navigator, 'onLine', { value, configurable: true });
  try {
    return await act();
  } finally {
    delete navigator.onLine;
  }
};

/** The state after a drop. */
const stateAfterDrop = async (url) => {
  const socket = new Undrop(`${url}/close?code=1001&after=1`, [], { retry: { first: 60_000, cap: 60_000 } });
  await next(socket, 'open');
  socket.send('now');
  await next(socket, 'drop');
  const { state } = socket;
  socket.close();
  return state;
};

export const surroundings = {
  'where navigator.onLine is undefined, nothing is offline': {
    play: (url) => whileOnLineIs(undefined, () => stateAfterDrop(url)),
    expected: 'waiting',
  },
  'where navigator.onLine is false, a connection that drops is offline': {
    play: (url) => whileOnLineIs(false, () => stateAfterDrop(url)),
    expected: 'offline',
  },
  'a page can replace the native class by ours': {
    async play(url) {
      const Native = globalThis.WebSocket;
      globalThis.WebSocket = Undrop;
      try {
        const socket = new WebSocket(`${url}/echo`);
        await next(socket, 'open');
        const first = await echo(socket, 'first');
        const reopened = next(socket, 'open');
        socket.reconnect();
        await reopened;
        const second = await echo(socket, 'second');
        socket.close(1000);
        const { code } = await next(socket, 'close');
        return [first, second, code, socket instanceof Undrop];
      } finally {
        globalThis.WebSocket = Native;
      }
    },
    expected: ['first', 'second', 1000, true],
  },
};
