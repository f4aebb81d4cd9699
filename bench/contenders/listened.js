// What the contenders share that stand in for the browser's class: the same listeners and calls as with that.

export const listened = (socket, app) =>
  new Promise((resolve) => {
    const line = {
      socket,
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      app.opened();
      resolve(line);
    });
    socket.addEventListener('message', ({ data }) => app.hear(data));
  });
