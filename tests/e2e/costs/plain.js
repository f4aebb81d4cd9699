// What messages of a plain line cost.

import { Undrop } from '../../../dist/index.js';

/** How a page listens: each gets the socket and what to call. */
const listening = {
  'a handler': (socket, heard) => (socket.onmessage = heard),
  'a listener': (socket, heard) => socket.addEventListener('message', heard),
  'the last of three listeners': (socket, heard) => {
    for (let n = 0; n < 2; n++) socket.addEventListener('message', () => {});
    socket.addEventListener('message', heard);
  },
};

/** Hears so many messages twice, and gives what was counted in the second half. */
export const receive = (url, messages, how, options) =>
  new Promise((resolve) => {
    const socket = new Undrop(url, [], options);
    let heard = 0;
    let before;
    let first;
    listening[how](socket, () => {
      heard++;
      if (heard === messages) {
        before = remember();
        first = take();
      } else if (heard === 2 * messages) {
        resolve({ ...take(), first, changed: changed(before), messagesIn: socket.stats.messagesIn });
        socket.close();
      }
    });
  });

/** Sends so many messages twice, and gives what was counted in the second half. */
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
