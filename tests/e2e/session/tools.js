// What the scenes of sessions have in common.

/** The next event of a type. */
export const event = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** Gives the proxy an order. */
export const order = (words) => fetch(`/order?${encodeURIComponent(words)}`);

/** Cuts the connection; resolves when the page knows. */
export const cut = (socket) => Promise.all([event(socket, 'drop'), order('reset')]);

/** What the test server returns for a path. */
export const ask = async (path) => (await fetch(path)).json();
