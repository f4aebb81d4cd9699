// Shared by the contenders with the interface of the browser's class.

export const listened = (socket, app) =>
  new Promise((resolve) => {
    const connection = {
      socket,
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      app.opened();
      resolve(connection);
    });
    socket.addEventListener('message', ({ data }) => app.receive(data));
  });
