// What messages cost without a session.

import { Undrop } from '../../../dist/index.js';

/** Ways for a page to listen: each gets the socket and a function to call. */
const listening = {
  'a handler': (socket, received) => (socket.onmessage = received),
  'a listener': (socket, received) => socket.addEventListener('message', received),
  'the last of three listeners': (socket, received) => {
    for (let n = 0; n < 2; n++) socket.addEventListener('message', () => {});
    socket.addEventListener('message', received);
  },
};

/** Receives so many messages twice, and resolves with what was counted in the second half. */
export const receive = (url, messages, how, options) =>
  new Promise((resolve) => {
    const socket = new Undrop(url, [], options);
    let count = 0;
    let before;
    let first;
    listening[how](socket, () => {
      count++;
      if (count === messages) {
        before = remember();
        first = take();
      } else if (count === 2 * messages) {
        resolve({ ...take(), first, changed: changed(before), messagesIn: socket.stats.messagesIn });
        socket.close();
      }
    });
  });

/** Sends so many messages twice, and resolves with what was counted in the second half. */
export const send = (url, messages, options) =>
  new Promise((resolve) => {
    const socket = new Undrop(url, [], options);
    socket.onopen = () => {
      for (let n = 0; n < messages; n++) socket.send('x');
      const before = remember();
      const first = take();
      for (let n = 0; n < messages; n++) socket.send('x');
      resolve({ ...take(), first, changed: changed(before) });
      socket.close();
    };
  });
