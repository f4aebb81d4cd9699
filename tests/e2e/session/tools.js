// What the scenes of sessions have in common.

/** The next event of a type. */
export const event = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** Gives the proxy an order; resolves when it has been carried out. */
export const order = (words) => fetch(`/order?${encodeURIComponent(words)}`);

/** Cuts the connection; resolves when the page knows, and not later: by the answer to the order it may have reconnected. */
export const cut = (socket) =>
  new Promise((resolve, reject) => {
    socket.addEventListener('drop', resolve, { once: true });
    order('reset').catch(reject);
  });

/** What the test server returns for a path. */
export const ask = async (path) => (await fetch(path)).json();
