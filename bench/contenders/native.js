// The floor: the browser's own class, with the few lines that an application needs to reconnect.

export const open = (url, app) =>
  new Promise((resolve) => {
    let socket;
    const connect = () => {
      socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('open', () => {
        app.opened();
        resolve(connection);
      });
      socket.addEventListener('message', ({ data }) => app.receive(data));
      socket.addEventListener('close', ({ code }) => code === 4000 && setTimeout(connect, 1));
    };
    const connection = {
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    connect();
  });
