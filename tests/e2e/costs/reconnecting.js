// What a drop costs, and the attempt after it.

import { Undrop } from '../../../dist/index.js';
import { Undrop as WithSession } from '../../../dist/session.js';

const classes = { plain: Undrop, session: WithSession };
const happens = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
/** Resolves when all is done that an event leads to, but for what a timer does. */
const settles = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(undefined);
  });

/** Resolves when all is done that an event leads to, before the next one: the answer to what is sent again may have come. */
const ends = async () => {
  for (let turn = 0; turn < 10; turn++) await undefined;
};

/** Sends a message to a server that then breaks the connection, and resolves with what was counted until it is open again. */
export const reconnect = async (which, url, options, reopened) => {
  const socket = new classes[which](url, [], { ...options, retry: { first: 300 } });
  for (const type of ['drop', 'statechange', 'message']) socket.addEventListener(type, () => {});
  await happens(socket, 'open');
  await settles();
  socket.send('x');
  take();
  await happens(socket, 'drop');
  await settles();
  const drop = take();
  await happens(socket, reopened);
  await ends();
  const attempt = take();
  socket.close();
  return { drop: drop.message.crossings, attempt: attempt.timer.crossings, open: attempt.message.crossings };
};
