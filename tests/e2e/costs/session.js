// What messages of a session cost.

import { Undrop } from '../../../dist/session.js';

/**
 * Sends so many messages, hears as many, and gives what was counted of both; then the same once more. All are sent in
 * one task: what is counted after it is of what arrives.
 */
export const converse = (url, messages) =>
  new Promise((resolve) => {
    const socket = new Undrop(url, [], { resume: true });
    let heard = 0;
    let before;
    let sent;
    const rounds = [];
    const begin = () => {
      before = remember();
      take();
      for (let n = 0; n < messages; n++) socket.send('x');
      sent = take();
    };
    socket.onopen = begin;
    socket.onmessage = () => {
      if (++heard % messages) return;
      rounds.push({ sent, received: take(), grew: changed(before) === undefined });
      if (rounds.length < 2) begin();
      else {
        resolve(rounds);
        socket.close();
      }
    };
  });
