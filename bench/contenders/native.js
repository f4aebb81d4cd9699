// The floor: the browser's own class, with the few lines by which an application would dial again.

export const open = (url, app) =>
  new Promise((resolve) => {
    let socket;
    const connect = () => {
      socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('open', () => {
        app.opened();
        resolve(line);
      });
      socket.addEventListener('message', ({ data }) => app.hear(data));
      socket.addEventListener('close', ({ code }) => code === 4000 && setTimeout(connect, 1));
    };
    const line = {
      say: (type, data) => socket.send(JSON.stringify({ type, data })),
      send: (data) => socket.send(data),
      close: () => socket.close(),
    };
    connect();
  });
