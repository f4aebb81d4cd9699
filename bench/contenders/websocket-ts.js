import { ConstantBackoff, WebsocketBuilder, WebsocketEvent } from 'websocket-ts';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = new WebsocketBuilder(url).withBackoff(new ConstantBackoff(1)).build();
    const connection = {
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    socket.binaryType = 'arraybuffer';
    const opened = () => {
      // Each of its native sockets starts with the browser's default binaryType.
      socket.binaryType = 'arraybuffer';
      app.opened();
      resolve(connection);
    };
    // After a reconnect it fires `reconnect`, `open`, or both, depending on the version.
    let last;
    for (const type of [WebsocketEvent.open, WebsocketEvent.reconnect])
      socket.addEventListener(type, () => {
        if (last !== socket.underlyingWebsocket) opened();
        last = socket.underlyingWebsocket;
      });
    socket.addEventListener(WebsocketEvent.message, (_, { data }) => app.receive(data));
  });
