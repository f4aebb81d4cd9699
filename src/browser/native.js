// What the browser gives: its WebSocket, its clock, its timers, and what it says of the page.

/** Kept as it was when this module was loaded: a page may put ours in its place. */
const Native = globalThis.WebSocket;

// What `hear(what, epoch, detail, clean, value)` is told, as in native.rs.
const OPENED = 0;
const FAILED = 1;
const CLOSED = 2;
const FOUND = 3;
const SOCKET = 4;
const NOT_FOUND = 5;
const TIME = 6;
const SIGNAL = 7;

const kinds = { open: OPENED, error: FAILED, close: CLOSED };

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
      if (hear(FOUND, epoch, 0, true)) hear(SOCKET, epoch, 0, true, open(url, protocols, epoch, hear));
    })
    .catch((error) => hear(NOT_FOUND, epoch, 0, true, error));
};

/** Nothing more is heard of it. */
export const forget = (socket) => {
  socket.onopen = socket.onerror = socket.onclose = socket.onmessage = null;
  socket.close();
};

const lead = () => Date.now() - performance.timeOrigin - performance.now();
let led = lead();
let slept = 0;

/** Milliseconds that never go back, and go on while the machine sleeps, when `performance.now()` may stand still. */
export const now = () => {
  const leads = lead();
  if (leads - led > 1e3) slept += leads - led;
  led = leads;
  return performance.now() + slept;
};

/** Takes the place of the last timer; a negative delay means none. Timers count in 31 bits: a longer one is set anew. */
export const wake = (last, delay, hear) => {
  clearTimeout(last);
  return delay < 0 ? 0 : setTimeout(() => hear(TIME, 0, 0, true), Math.min(delay, 2 ** 31 - 1));
};

// As `Signal` in core/connection.rs.
const ONLINE = 0;
const OFFLINE = 1;
const VISIBLE = 2;
const HIDDEN = 3;
const WAKE = 4;

const listening = new Set();
const page = globalThis.document;

const say = (signal) => {
  for (const hear of [...listening]) hear(SIGNAL, 0, signal, true);
};
const signals = [
  [globalThis, 'online', () => say(ONLINE)],
  [globalThis, 'offline', () => say(OFFLINE)],
  [globalThis, 'pageshow', (event) => event.persisted && say(WAKE)],
  [page, 'visibilitychange', () => say(page.hidden ? HIDDEN : VISIBLE)],
  [page, 'resume', () => say(WAKE)],
];

/** Hears what the page says of itself. One set of listeners serves all lines of a page. */
export const watch = (hear) => {
  if (!listening.size) for (const [target, type, listener] of signals) target?.addEventListener(type, listener);
  listening.add(hear);
};

export const unwatch = (hear) => {
  listening.delete(hear);
  if (!listening.size) for (const [target, type, listener] of signals) target?.removeEventListener(type, listener);
};

export const isHidden = () => !!page?.hidden;

export const isOffline = () => !navigator.onLine;
