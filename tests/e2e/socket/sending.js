// Messages that are sent too late.

import { Undrop } from '../../../dist/index.js';
import { next, warnings } from './tools.js';

/** Sends three messages once `close` was called, and once it is closed, as `Class` does it. */
const sendLate = async (Class, url, options) => {
  const socket = new Class(`${url}/echo`, [], ...options);
  await next(socket, 'open');
  const amounts = [];
  const texts = await warnings(async () => {
    socket.close();
    socket.send('12345');
    amounts.push(socket.bufferedAmount);
    await next(socket, 'close');
    amounts.push(socket.bufferedAmount);
    socket.send('ä');
    amounts.push(socket.bufferedAmount);
    socket.send(new Uint8Array(3));
    amounts.push(socket.bufferedAmount);
  });
  return { amounts, warnings: texts.map((text) => /after close\(\)/.test(text)) };
};

const AMOUNTS = [5, 5, 7, 10];

export const sending = {
  'what is sent after close() counts in bufferedAmount: the native class': {
    play: (url) => sendLate(WebSocket, url, []),
    expected: { amounts: AMOUNTS, warnings: [] },
  },
  'what is sent after close() counts in bufferedAmount, and the console warns once': {
    play: (url) => sendLate(Undrop, url, [{}]),
    expected: { amounts: AMOUNTS, warnings: [true] },
  },
  'what is sent after close() counts in bufferedAmount, with retry: false as with the native class': {
    play: (url) => sendLate(Undrop, url, [{ retry: false }]),
    expected: { amounts: AMOUNTS, warnings: [] },
  },
  'what is sent after close() is not sent after a reconnect()': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`);
      await next(socket, 'open');
      socket.close();
      await warnings(() => socket.send('late'));
      await next(socket, 'close');
      socket.reconnect();
      socket.send('again');
      const { data } = await next(socket, 'message');
      const { messagesOut } = socket.stats;
      socket.close();
      return [data, messagesOut];
    },
    expected: ['again', 1],
  },
  'an error about a message names the connection, and not the query of its URL, and has a stack': {
    async play(url) {
      const socket = new Undrop(`${url}/echo?token=secret`, [], { queue: { messages: 1 } });
      socket.send('queued');
      const errors = [];
      const keep = ({ name, message, stack }) => errors.push(name, message.replace(url, 'server'), !!stack);
      try {
        socket.send('too many');
      } catch (error) {
        keep(error);
      }
      const flushed = socket.flushed().catch(keep);
      socket.close();
      await flushed;
      return errors;
    },
    expected: [
      'QuotaExceededError',
      'Undrop: too much is queued or unacknowledged already: send less, or raise the limits (server/echo).',
      true,
      'InvalidStateError',
      'Undrop: the connection is closed (server/echo).',
      true,
    ],
  },
};
