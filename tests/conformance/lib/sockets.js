// What most cases begin with: a socket, its next event, the log of its events.

import { describeClose } from './observe.js';

const made = new Set();

/** `new WebSocketClass(...)`. The socket is closed when the case has ended. */
export function connect(WebSocketClass, ...args) {
  const socket = new WebSocketClass(...args);
  made.add(socket);
  return socket;
}

/** Connects and waits for `open`. */
export async function open(WebSocketClass, ...args) {
  const socket = connect(WebSocketClass, ...args);
  const closed = next(socket, 'close');
  const event = await Promise.race([next(socket, 'open'), closed]);
  if (event.type === 'close') throw new Error(`closed instead of open: ${JSON.stringify(describeClose(event))}`);
  return socket;
}

/** Connects, waits for `open`, closes, and waits for `close`. */
export async function openAndClose(WebSocketClass, ...args) {
  const socket = await open(WebSocketClass, ...args);
  await close(socket);
  return socket;
}

/** Closes and waits for `close`. */
export function close(socket, ...args) {
  const closed = next(socket, 'close');
  socket.close(...args);
  return closed;
}

/** The next event of a type. */
export const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

/** The data of the next `count` messages. */
export function messages(socket, count) {
  const received = [];
  return new Promise((resolve) => {
    socket.addEventListener('message', function collect(event) {
      received.push(event.data);
      if (received.length < count) return;
      socket.removeEventListener('message', collect);
      resolve(received);
    });
  });
}

/** Logs `describe(event)` for each of the four events until the socket has closed, and gives the log. */
export function story(socket, describe) {
  const log = [];
  for (const type of ['open', 'message', 'error']) socket.addEventListener(type, (event) => log.push(describe(event)));
  return new Promise((resolve) => {
    socket.addEventListener('close', (event) => {
      log.push(describe(event));
      resolve(log);
    });
  });
}

/** Sends and gives what the server echoes. */
export async function roundTrip(socket, ...args) {
  const answer = next(socket, 'message');
  socket.send(...args);
  return (await answer).data;
}

/** Waits until the server answers to a text: everything sent before has arrived there. */
export async function flush(socket) {
  const answers = new Promise((resolve) => {
    socket.addEventListener('message', function listen({ data }) {
      if (data !== 'flush') return;
      socket.removeEventListener('message', listen);
      resolve();
    });
  });
  socket.send('flush');
  await answers;
}

/** A new task: everything queued before has run. MessageChannel, because a nested timer waits 4 ms. */
export function task() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** For counts of its own: with `id` in the url, `stats()` returns what the server counted, once that holds. */
export function counted(server) {
  const id = `case-${Math.random()}`;
  const stats = async (holds = () => true) => {
    // The server counts an end when it has seen it, which may be later than the page.
    for (;;) {
      const answer = await (await fetch(`${server.replace('ws', 'http')}/stats?id=${id}`)).json();
      if (holds(answer)) return answer;
    }
  };
  return { id, stats };
}

/** Runs `action` and gives the errors that were reported to the global meanwhile, in order with the log. */
export async function reportedErrors(log, action) {
  const report = (event) => {
    event.preventDefault();
    log.push(['reported', event.error instanceof Error ? event.error.message : String(event.error)]);
  };
  globalThis.addEventListener('error', report);
  try {
    await action();
  } finally {
    globalThis.removeEventListener('error', report);
  }
}

/**
 * To be awaited after a close while connecting: Chromium delays an attempt by up to 5 s while many others are under way,
 * and forgets those that ended a moment later.
 */
export const breather = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Closes whatever the case left open, and waits for those that were still connecting. */
export async function closeAll() {
  const ended = [...made].map(async (socket) => {
    if (socket.readyState !== 0) return socket.close();
    const closed = next(socket, 'close');
    socket.close();
    await closed;
    await breather();
  });
  made.clear();
  await Promise.allSettled(ended);
}
