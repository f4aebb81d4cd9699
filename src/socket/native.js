// What web-sys can't say of the browser's WebSocket, and what the class in npm/ shares with it.

/** The browser's class as it was when this module was loaded: a page may replace it by ours. */
const Native = globalThis.WebSocket;

/** Whether there is one at all: not in older Nodes, where pages are rendered. */
export const isSupported = Native !== undefined;

/** The events that are being dispatched by somebody else than the native socket. */
const synthetic = new WeakSet();

/** What handles the events of a native socket, and the number of the socket that it belongs to. */
const owner = Symbol('undrop');

const listener = (event) => {
  // Somebody else has dispatched a synthetic event.
  if (synthetic.has(event)) return;
  const [handle, socket] = event.currentTarget[owner];
  if (!handle(event.type, socket, event)) event.stopImmediatePropagation();
};

/**
 * Makes a native socket. Its arguments stay JavaScript's, so that the browser converts and checks them. `handle` is
 * called with the type of each event, the number of the socket and the event, `message` events only if `hearsMessages`. It is the
 * first to hear them, and no other listener does unless it returns true.
 */
export const construct = (url, protocols, socket, handle, hearsMessages) => {
  const native = Object.assign(new Native(url, protocols), { [owner]: [handle, socket] });
  native.onopen = native.onerror = native.onclose = listener;
  if (hearsMessages) native.onmessage = listener;
  return native;
};

/** Nothing is heard of a native socket any more. */
export const detach = (native) => {
  native.onopen = native.onerror = native.onclose = native.onmessage = null;
};

/** Sends a message, as it is. A native socket throws only while it connects, and then it is not given any. */
export const send = (native, data) => {
  try {
    native.send(data);
  } catch {}
};

/** Sends the message of the heartbeat, or what this function of the page returns. */
export const sendPing = (native, message) => {
  try {
    native.send(typeof message === 'function' ? message() : message);
  } catch (error) {
    reportError(error);
  }
};

/** The browser's `CloseEvent`, or what stands for it: Node has none before version 23. */
export const Close =
  globalThis.CloseEvent ??
  class extends Event {
    constructor(type, { code, reason, wasClean = false, cancelable = false }) {
      super(type, { cancelable });
      Object.assign(this, { code, reason, wasClean });
    }
  };

/** Closes a native socket with what a close frame can have, so that it throws nothing. Without a code there is no reason. */
export const close = (native, code, reason) => (code === undefined ? native.close() : native.close(code, reason));

/** Calls a function that waits for an outcome. What it throws is its own affair. */
export const settle = (waiter, outcome) => {
  try {
    waiter(outcome);
  } catch {}
};

/** What stands for the event of a native socket that has reported none. */
export const closeEvent = (code, reason) => new Close('close', { code, reason });

/** Dispatches an event that is not the native socket's own. */
export const dispatch = (target, event) => {
  synthetic.add(event);
  try {
    return target.dispatchEvent(event);
  } finally {
    synthetic.delete(event);
  }
};

/** Whether somebody else than the native socket is dispatching this event. */
export const isSynthetic = (event) => synthetic.has(event);

const encoder = /* @__PURE__ */ new TextEncoder();
/** For the bytes of a text that is counted: making an array for each costs more than encoding it. */
const scratch = /* @__PURE__ */ new Uint8Array(3 * 1024);

/** The bytes of a message. */
export const byteLength = (data) => {
  if (typeof data !== 'string') return data.byteLength ?? data.size ?? 0;
  return 3 * data.length <= scratch.length ? encoder.encodeInto(data, scratch).written : encoder.encode(data).length;
};

/**
 * A `DOMException`: one that JavaScript makes has no stack in Chromium. `first` and `last`, if there are such, stand at the
 * beginning and at the end of the message.
 */
export const exception = (name, message, first = '', last = '') => {
  const error = new DOMException(`Undrop: ${first}${message}${last}.`, name);
  Error.captureStackTrace?.(error);
  return error;
};
