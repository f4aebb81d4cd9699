// The server of `server/src/talk.rs` in socket.io's protocol.

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { listen } from './lib/listening.mjs';

const http = createServer();
const server = new Server(http, { transports: ['websocket'], cors: { origin: '*' }, maxHttpBufferSize: 1 << 24 });

server.on('connection', (socket) => {
  let silent = 0;
  const take = (data) => {
    if (silent === 0) socket.emit('tick', data);
    else if (--silent === 0) socket.emit('tick', {});
  };
  socket.on('tick', take);
  socket.on('say', take);
  socket.on('count', ({ every }) => {
    silent = every;
  });
  socket.on('flood', ({ count, size, binary }) => {
    const data = binary ? Buffer.alloc(size, 7) : filled(size);
    for (let n = 0; n < count; n++) socket.emit('tick', data);
  });
  socket.on('close', () => socket.conn.close());
});

/** The data of a message that has the same length as in the other protocols. */
function filled(size) {
  const of = (filling) => ({ n: 12_345, from: 'alice', text: '.'.repeat(filling) });
  return of(Math.max(0, size - JSON.stringify({ type: 'tick', data: of(0) }).length));
}

listen(http);
