// Typed messages in place of a `message` listener.

import { Undrop } from '../../dist/messages.js';

const make = (url) => new Undrop(url, [], { retry: { first: 1, cap: 1 } });

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = make(url);
    const connection = {
      socket,
      say: (type, data) => socket.emit(type, data),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    for (const type of app.types) socket.on(type, (data) => app.tick(data));
    socket.addEventListener('open', () => {
      app.opened();
      resolve(connection);
    });
  });
