// The page dispatches events of its own on a socket. Its listeners get them, and the connection does not change.

import { Undrop } from '../../../dist/index.js';
import { echo, next } from './tools.js';

const LONG = { retry: { first: 60_000, cap: 60_000 } };

/** Brings a socket to each of its states. */
const states = {
  connecting: (url) => new Undrop(`${url}/hang`, [], LONG),
  'connecting, before the URL is found': () => new Undrop(() => new Promise(() => {})),
  async open(url) {
    const socket = new Undrop(`${url}/echo`, [], LONG);
    await next(socket, 'open');
    return socket;
  },
  async waiting(url) {
    const socket = new Undrop(`${url}/status?code=503`, [], LONG);
    await next(socket, 'drop');
    return socket;
  },
  async closing(url) {
    const socket = new Undrop(`${url}/silent`, [], { closeTimeout: 60_000 });
    await next(socket, 'open');
    socket.close();
    return socket;
  },
  async closed(url) {
    const socket = new Undrop(`${url}/echo`);
    await next(socket, 'open');
    socket.close();
    await next(socket, 'close');
    return socket;
  },
};

const makers = {
  open: () => new Event('open'),
  message: () => new MessageEvent('message', { data: 'synthetic' }),
  error: () => new Event('error'),
  close: () => new CloseEvent('close', { code: 4400 }),
  drop: () => new CloseEvent('drop', { code: 1006, cancelable: true }),
};
const TYPES = Object.keys(makers);

const snapshot = ({ state, readyState, bufferedAmount, stats }) =>
  JSON.stringify({ state, readyState, bufferedAmount, stats });

/** A scene for a state: dispatches each event, with listeners and without. */
const inState = (make) => ({
  async play(url) {
    const socket = await make(url);
    const before = snapshot(socket);
    for (const type of TYPES) socket.dispatchEvent(makers[type]());
    const unheard = snapshot(socket) === before;
    const events = [];
    for (const type of TYPES) {
      socket.addEventListener(type, ({ target }) => events.push(`${type} ${target === socket}`));
      socket[`on${type}`] = () => events.push(type);
    }
    for (const type of TYPES) socket.dispatchEvent(makers[type]());
    const result = { unheard, heard: snapshot(socket) === before, events: [...events] };
    // A browser begins no handshake while another one to the same host hangs, and `connectTimeout` of the next scene's socket
    // would end it while it waits.
    socket.close();
    return result;
  },
  expected: { unheard: true, heard: true, events: TYPES.flatMap((type) => [`${type} true`, type]) },
});

export const syntheticEvents = {
  ...Object.fromEntries(
    Object.entries(states).map(([state, make]) => [`events of the page change nothing: ${state}`, inState(make)]),
  ),

  'after events of the page the connection goes on: it talks, reconnects and closes': {
    async play(url) {
      const socket = await states.open(url);
      const dispatchAll = () => TYPES.forEach((type) => void socket.dispatchEvent(makers[type]()));
      dispatchAll();
      const echoed = await echo(socket, 'hello');
      const reopened = next(socket, 'open');
      socket.reconnect();
      await reopened;
      dispatchAll();
      socket.close(4321);
      dispatchAll();
      const { code, wasClean } = await next(socket, 'close');
      return { echoed, code, wasClean, state: socket.state, stats: [socket.stats.opens, socket.stats.messagesIn] };
    },
    expected: { echoed: 'hello', code: 4321, wasClean: true, state: 'closed', stats: [2, 1] },
  },

  'a native event that the page dispatches again changes nothing': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`, [], LONG);
      const opened = await next(socket, 'open');
      const echoing = next(socket, 'message');
      socket.send('hello');
      const message = await echoing;
      // The native socket has dispatched both when a new task begins.
      await new Promise((resolve) => setTimeout(resolve));
      const before = snapshot(socket);
      const data = [];
      socket.onmessage = (event) => data.push(event.data);
      socket.dispatchEvent(opened);
      socket.dispatchEvent(message);
      return { same: snapshot(socket) === before, data, echoed: await echo(socket, 'again') };
    },
    expected: { same: true, data: ['hello', 'again'], echoed: 'again' },
  },

  'an event that the page dispatches within a message leaves the message as it was': {
    async play(url) {
      const socket = await states.open(url);
      const data = [];
      let isNested = false;
      socket.onmessage = (event) => {
        data.push(event.data);
        if (isNested) return;
        isNested = true;
        socket.dispatchEvent(makers.message());
        data.push(event.data);
      };
      await echo(socket, 'hello');
      return { data, messagesIn: socket.stats.messagesIn };
    },
    expected: { data: ['hello', 'synthetic', 'hello'], messagesIn: 1 },
  },
};
