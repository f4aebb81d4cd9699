// The browser's own WebSocket, kept as it was when this module was loaded: a page may put ours in its place.

export const Native = globalThis.WebSocket;

const KINDS = ['open', 'error', 'close'];

/**
 * Reports what becomes of a socket to `hear(epoch, kind, code, clean)`. An event that `hear` does not let pass is
 * seen by nobody else: this is the first listener of each.
 */
export function listen(socket, epoch, hear) {
  socket.onopen =
    socket.onerror =
    socket.onclose =
      (event) => {
        // What the page itself dispatches is the page's affair.
        if (event.isTrusted && !hear(epoch, KINDS.indexOf(event.type), event.code | 0, event.wasClean === true))
          event.stopImmediatePropagation();
      };
}

export function ignore(socket) {
  socket.onopen = socket.onerror = socket.onclose = null;
}
