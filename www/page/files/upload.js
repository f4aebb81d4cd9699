// Uploads a file in pieces, as Blobs, which are not read into memory, and no faster than the connection sends them. When a
// connection without a session is lost, the server says how much of the file it has, and the rest is sent over the next one.

import { newKey } from '../random.js';
import { header } from './pieces.js';

const PIECE = 32 << 10;
/** The most bytes that wait in the browser. */
const AHEAD = 128 << 10;
/** `bufferedAmount` is polled, as no event says that it has changed. */
const POLL_INTERVAL = 10;

/** Settles when the last upload has succeeded or failed: a tab uploads one file at a time. */
let turn = Promise.resolve();

/** Returns the message of the file. `progress` is called with the share that was sent, and with 1 when all has arrived. */
export function upload(...given) {
  const sent = turn.then(() => uploadNow(...given));
  turn = sent.catch(() => {});
  return sent;
}

function uploadNow(file, room, connection, progress, key = newKey()) {
  const offer = { key, name: file.name || 'file', kind: file.type, size: file.size };
  return room.retry(async () => {
    for (;;) {
      const { socket } = connection;
      const { item, number, have } = await socket.request('upload', offer);
      if (item) {
        progress(1);
        return item;
      }
      await send(file, number, have, connection, progress);
    }
  });
}

async function send(file, number, have, connection, progress) {
  const { socket, generation } = connection;
  const isCurrent = () => connection.isCurrent(generation);
  let sent = have;
  const drain = async (most) => {
    while (isCurrent() && socket.bufferedAmount > most) {
      progress(Math.max(0, sent - socket.bufferedAmount) / file.size);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  };
  while (sent < file.size) {
    await drain(AHEAD);
    // A piece that is sent now would be queued, and the upload begins again with an offer.
    if (!isCurrent()) throw new DOMException('The connection was lost.', 'NetworkError');
    const piece = file.slice(sent, sent + PIECE);
    socket.send(new Blob([header(number, sent), piece]));
    sent += piece.size;
  }
  await drain(0);
}
