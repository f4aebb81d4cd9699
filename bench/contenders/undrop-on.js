// Typed messages in place of a `message` listener.

import { Undrop } from 'undrop';
import { make } from './undrop.js';

export const missing = () => (typeof Undrop.prototype.on === 'function' ? undefined : 'on(type)');

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = make(url);
    const line = {
      socket,
      say: (type, data) => socket.emit(type, data),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    for (const type of app.types) socket.on(type, (data) => app.tick(data));
    socket.addEventListener('open', () => {
      app.opened();
      resolve(line);
    });
  });
