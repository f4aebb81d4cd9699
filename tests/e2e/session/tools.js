// What the scenes of sessions are played with.

/** The next event of a type. */
export const event = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** Has the proxy do something to the lines. */
export const order = (words) => fetch(`/order?${encodeURIComponent(words)}`);

/** Until the page knows that its line is lost. */
export const cut = (socket) => Promise.all([event(socket, 'drop'), order('reset')]);

/** What the test server knows, by its path. */
export const ask = async (path) => (await fetch(path)).json();
