// Talks to a server that echoes, and that closes with 1011 when it gets `end`.

import { Undrop as All } from '../../../dist/all.js';
import { Undrop as Index } from '../../../dist/index.js';
import { Undrop as Messages } from '../../../dist/messages.js';
import { Undrop as Session } from '../../../dist/session.js';

const classes = { index: Index, messages: Messages, session: Session, all: All };

const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

const describe = ({ type, data, cause, code }) => [type, data ?? cause, code].filter((one) => one != null).join(' ');

/** Opens, exchanges a message, drops, reconnects, closes: returns the events. */
export async function exchange(entry, url) {
  const socket = new classes[entry](url, [], { retry: { first: 1, cap: 1 } });
  const events = [];
  const handled = [];
  const otherTargets = [];
  for (const type of ['open', 'message', 'drop', 'close']) {
    socket.addEventListener(type, (event) => {
      events.push(describe(event));
      // In Node the second listener of any class finds that to be null.
      const { target, currentTarget } = event;
      if (target !== socket || (currentTarget ?? socket) !== socket) otherTargets.push(type);
    });
    socket[`on${type}`] = (event) => handled.push(describe(event));
  }
  await next(socket, 'open');
  socket.send('hello');
  await next(socket, 'message');
  socket.send('end');
  await next(socket, 'drop');
  await next(socket, 'open');
  socket.close(1000);
  await next(socket, 'close');
  const { opens, messagesIn, messagesOut } = socket.stats;
  return { events, handled, otherTargets, counts: { opens, messagesIn, messagesOut }, state: socket.state };
}

/** Sends before it is open and while it opens: returns the state then, and what the server echoes. */
export async function sendEarly(entry, url) {
  const socket = new classes[entry](url);
  const seen = [];
  socket.onopen = ({ target }) => seen.push(target === socket && socket.state);
  socket.send('queued');
  socket.addEventListener('open', () => socket.send('sent'));
  socket.addEventListener('message', ({ data }) => seen.push(data));
  while (seen.length < 3) await next(socket, 'message');
  socket.close();
  await next(socket, 'close');
  return seen;
}

/** Counts a message that nobody listens for. */
export async function count(entry, url) {
  const socket = new classes[entry](url);
  await next(socket, 'open');
  socket.send('hello');
  while (!socket.stats.messagesIn) await new Promise((resolve) => setTimeout(resolve));
  socket.close();
  await next(socket, 'close');
  return socket.stats.messagesIn;
}

/** Typed messages, of which the server echoes each, and so answers a request. */
export async function exchangeTyped(entry, url) {
  const socket = new classes[entry](url);
  const message = socket.next('chat');
  socket.emit('chat', 'hello');
  const result = { message: await message, reply: await socket.request('ask', 'asked') };
  socket.close();
  return result;
}
