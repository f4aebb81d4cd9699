// It has a protocol of its own, and therefore a server of its own.

import { io } from 'socket.io-client';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = io(url.replace(/^ws/, 'http'), {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 1,
      reconnectionDelayMax: 1,
      randomizationFactor: 0,
    });
    const connection = {
      say: (type, data) => socket.emit(type, data),
      send: (data) => socket.emit('say', data),
      close: () => socket.disconnect(),
    };
    socket.on('connect', () => {
      app.opened();
      resolve(connection);
    });
    socket.on('tick', (data) => app.tick(data));
  });

/** The messages of its server, for the synthetic socket. */
export const wire = {
  greeting: '0{"sid":"a","upgrades":[],"pingInterval":1000000000,"pingTimeout":1000000000,"maxPayload":1000000}',
  answer: (text) => (text === '40' ? '40{"sid":"b"}' : undefined),
  frame: ({ type, data }) => `42${JSON.stringify([type, data])}`,
};
