// What web-sys can't say of the browser's WebSocket, and what the class in npm/ shares with it.

/** The browser's class as it was when this module was loaded: a page may replace it by ours. */
const Native = globalThis.WebSocket;

/** The number of the socket that a native socket belongs to. */
const owner = Symbol('undrop');

/** The events that are being dispatched by somebody else than the native socket. */
const synthetic = new WeakSet();

/** Makes a native socket. Its arguments stay JavaScript's, so that the browser converts and checks them. */
export const construct = (url, protocols, socket) => Object.assign(new Native(url, protocols), { [owner]: socket });

/** The number of the socket whose native socket has fired this event; 0 if somebody else has dispatched it there. */
export const ownerOf = (event) => (synthetic.has(event) ? 0 : event.currentTarget[owner]);

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
