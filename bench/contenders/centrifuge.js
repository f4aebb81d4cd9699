// Its JSON protocol: https://centrifugal.dev/docs/transports/client_protocol

import { Centrifuge } from 'centrifuge';

export const open = (url, app) =>
  new Promise((resolve) => {
    const client = new Centrifuge(url, {
      minReconnectDelay: 1,
      maxReconnectDelay: 1,
    });
    const connection = {
      say: (type, data) => client.send({ type, data }),
      send: (data) => client.send(data),
      close: () => client.disconnect(),
    };
    client.on('connected', () => {
      app.opened();
      resolve(connection);
    });
    client.on('message', ({ data }) => app.message(data));
    client.connect();
  });

export const wire = {
  answer: (text) => JSON.stringify({ id: JSON.parse(text).id, connect: { client: 'a', version: '1' } }),
  frame: (data) => JSON.stringify({ push: { message: { data } } }),
};
