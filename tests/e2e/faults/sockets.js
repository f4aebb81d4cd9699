// Counts native sockets. A script of its own, loaded before the package, which keeps the class that it finds.

const made = [];

const idOf = (url) => new URL(url, location.href).searchParams.get('id');
const isLive = ({ readyState }) => readyState < WebSocket.CLOSING;

globalThis.WebSocket = new Proxy(WebSocket, {
  construct(target, parameters) {
    const socket = Reflect.construct(target, parameters);
    const id = idOf(socket.url);
    made.push({ id, socket, beside: made.filter((other) => other.id === id && isLive(other.socket)).length });
    return socket;
  },
});

/** How many were made for URLs with this `id`, and how many of them were live at once. */
globalThis.socketsOf = (id) => {
  const own = made.filter((one) => one.id === id);
  return { made: own.length, most: Math.max(0, ...own.map(({ beside }) => beside + 1)) };
};
