// Sending a file: in pieces, as Blob frames that nobody has to read into memory, no faster than the line takes them. When a line
// dies without a session, the server says how much it has, and the rest goes over the next.

import { newKey } from '../random.js';
import { header } from './pieces.js';

const PIECE = 32 << 10;
/** So much may wait in the browser. */
const AHEAD = 128 << 10;
/** The browser does not say when its buffer has emptied. */
const LOOK_EVERY = 10;

/** Settles when the last file that was given has been sent or has failed: a tab sends one at a time. */
let turn = Promise.resolve();

/** Gives the file as the room has it. `progress` is told what share has left, and is 1 when all has arrived. */
export function upload(...given) {
  const sent = turn.then(() => uploadNow(...given));
  turn = sent.catch(() => {});
  return sent;
}

function uploadNow(file, room, connection, progress, key = newKey()) {
  const offer = { key, name: file.name || 'file', kind: file.type, size: file.size };
  return room.insist(async () => {
    for (;;) {
      const { line } = connection;
      const { item, number, have } = await line.request('upload', offer);
      if (item) {
        progress(1);
        return item;
      }
      await send(file, number, have, connection, progress);
    }
  });
}

async function send(file, number, have, connection, progress) {
  const { line, epoch } = connection;
  const stands = () => connection.stands(epoch);
  let sent = have;
  const drain = async (most) => {
    while (stands() && line.bufferedAmount > most) {
      progress(Math.max(0, sent - line.bufferedAmount) / file.size);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  };
  while (sent < file.size) {
    await drain(AHEAD);
    // What is sent now would wait for the next line, which asks anew.
    if (!stands()) throw new DOMException('The line was lost.', 'NetworkError');
    const piece = file.slice(sent, sent + PIECE);
    line.send(new Blob([header(number, sent), piece]));
    sent += piece.size;
  }
  await drain(0);
}
