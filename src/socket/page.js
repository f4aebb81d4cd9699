// What the page says of itself, by the names of `report.rs`: a window, or the global scope of a worker.

/** A worker has no document. */
export const visibility = () => (globalThis.document?.hidden === true ? 'hidden' : 'visible');

/** Where the browser does not say, there is a network. */
export const network = () => (globalThis.navigator?.onLine === false ? 'offline' : 'online');

const signals = {
  online: () => 'online',
  offline: () => 'offline',
  visibilitychange: visibility,
  resume: () => 'wake',
  // Of a page that was restored from the back/forward cache.
  pageshow: ({ persisted }) => (persisted ? 'wake' : undefined),
};

/** Has `handle` called with what each event of the page says about the network or about a sleep. */
export const observe = (handle) => {
  for (const [type, signalOf] of Object.entries(signals)) {
    const listener = (event) => {
      const signal = signalOf(event);
      if (signal) handle(signal);
    };
    // Captured, because some of these events are the document's and do not bubble.
    globalThis.addEventListener?.(type, listener, true);
  }
};
