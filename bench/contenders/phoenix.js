// Runs only with the synthetic socket: its server is an Elixir program.

import { Socket } from 'phoenix';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = new Socket(url);
    socket.connect();
    const channel = socket.channel('room', {});
    channel.on('tick', (data) => app.tick(data));
    channel.join().receive('ok', () => {
      app.opened();
      resolve({ close: () => socket.disconnect() });
    });
  });

export const wire = {
  answer: (text) => {
    const [join, reference, topic] = JSON.parse(text);
    return JSON.stringify([join, reference, topic, 'phx_reply', { status: 'ok', response: {} }]);
  },
  frame: ({ type, data }) => JSON.stringify([null, null, 'room', type, data]),
};
