// What the browser gives: its WebSocket, its clock, its timers, and what it says of the page.

/** Kept as it was when this module was loaded: a page may put ours in its place. */
const Native = globalThis.WebSocket;

// What `hear(what, epoch, detail, clean, value)` is told has the numbers of `heard` in native.rs.
const kinds = { open: 0, error: 1, close: 2 };

const open = (url, protocols, epoch, hear) => {
  const socket = new Native(url, protocols);
  // The first listener of each event: it decides whether others see it. What the page dispatches is the page's affair.
  socket.onopen =
    socket.onerror =
    socket.onclose =
      (event) => {
        if (event.isTrusted && !hear(kinds[event.type], epoch, event.code | 0, !!event.wasClean, event))
          event.stopImmediatePropagation();
      };
  return socket;
};

/** A socket, or nothing yet where the URL has to be found first. */
export const dial = (source, epoch, hear) => {
  if (!source.find) return open(source.url, source.protocols, epoch, hear);
  source
    .find()
    // By now the line may have been given up.
    .then(([url, protocols]) => {
      if (hear(3, epoch, 0, true)) hear(4, epoch, 0, true, open(url, protocols, epoch, hear));
    })
    .catch((error) => hear(5, epoch, 0, true, error));
};

const silence = (event) => event.isTrusted && event.stopImmediatePropagation();

/** Nothing more is heard of it, though the page's listeners are still there until the next socket takes them over. */
export const forget = (socket) => {
  socket.onopen = socket.onerror = socket.onclose = silence;
  socket.onmessage = null;
  socket.close();
};

let led = Date.now() - performance.now();
let slept = 0;

/** Milliseconds that never go back, and go on while the machine sleeps, when `performance.now()` may stand still. */
export const now = () => {
  const time = performance.now();
  const leads = Date.now() - time;
  if (leads - led > 1e3) slept += leads - led;
  led = leads;
  return time + slept;
};

/** Takes the place of the last timer; a negative delay means none. Timers count in 31 bits: a longer one is set anew. */
export const wake = (last, delay, hear) => {
  clearTimeout(last);
  return delay < 0 ? 0 : setTimeout(() => hear(6, 0, 0, true), Math.min(delay, 2 ** 31 - 1));
};

const page = globalThis.document;
const listening = new Set();

/** The number of the `Signal` in core/signal.rs that an event of the page stands for. */
const signals = {
  online: () => 0,
  offline: () => 1,
  visibilitychange: () => (page.hidden ? 3 : 2),
  resume: () => 4,
  pageshow: ({ persisted }) => (persisted ? 4 : -1),
};

const sense = (event) => {
  const signal = signals[event.type](event);
  if (signal >= 0) for (const hear of [...listening]) hear(7, 0, signal, true);
};

let senses = false;

/** Hears what the page says of itself. One set of listeners, for the life of the page, serves all its lines. */
export const watch = (hear) => {
  listening.add(hear);
  // Captured, because some of these are the document's and do not bubble.
  if (!senses) for (const type in signals) addEventListener(type, sense, true);
  senses = true;
};

export const unwatch = (hear) => listening.delete(hear);

/** Both at once: 1 if the page is hidden, 2 if there is no network. */
export const condition = () => (page?.hidden ? 1 : 0) | (navigator.onLine ? 0 : 2);
