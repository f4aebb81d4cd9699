import { ConstantBackoff, WebsocketBuilder, WebsocketEvent } from 'websocket-ts';

export const open = (url, app) =>
  new Promise((resolve) => {
    const socket = new WebsocketBuilder(url).withBackoff(new ConstantBackoff(1)).build();
    const line = {
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    socket.binaryType = 'arraybuffer';
    const opened = () => {
      // Each of its sockets begins with the browser's own binaryType.
      socket.binaryType = 'arraybuffer';
      app.opened();
      resolve(line);
    };
    // Of a dial that is repeated it tells `reconnect`, and not `open`, or both, by version.
    let last;
    for (const type of [WebsocketEvent.open, WebsocketEvent.reconnect])
      socket.addEventListener(type, () => {
        if (last !== socket.underlyingWebsocket) opened();
        last = socket.underlyingWebsocket;
      });
    socket.addEventListener(WebsocketEvent.message, (_, { data }) => app.hear(data));
  });
