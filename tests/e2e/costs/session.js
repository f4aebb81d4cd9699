// What messages cost with a session.

import { Undrop } from '../../../dist/session.js';

/**
 * Sends so many messages, receives as many, and records what was counted of both; then the same once more. All are sent in
 * one task, so what is counted after it is of messages that arrive.
 */
export const converse = (url, messages) =>
  new Promise((resolve) => {
    const socket = new Undrop(url, [], { resume: true });
    let received = 0;
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
      if (++received % messages) return;
      rounds.push({ sent, received: take(), grew: changed(before) === undefined });
      if (rounds.length < 2) begin();
      else {
        resolve(rounds);
        socket.close();
      }
    };
  });
