// What most wrappers do: an inner socket whose events are copied and dispatched again. Arguments are passed on, states and
// handlers work; the table must find the differences nevertheless.

const Native = globalThis.WebSocket;

export default class WebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  CONNECTING = 0;
  OPEN = 1;
  CLOSING = 2;
  CLOSED = 3;

  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  constructor(url, protocols) {
    super();
    this.inner = new Native(url, protocols);
    for (const type of ['open', 'message', 'error', 'close']) {
      this.inner.addEventListener(type, (event) => {
        const copy = new event.constructor(event.type, event);
        if (typeof this[`on${type}`] === 'function') this[`on${type}`](copy);
        this.dispatchEvent(copy);
      });
    }
  }

  get url() {
    return this.inner.url;
  }

  get readyState() {
    return this.inner.readyState;
  }

  get bufferedAmount() {
    return this.inner.bufferedAmount;
  }

  get extensions() {
    return this.inner.extensions;
  }

  get protocol() {
    return this.inner.protocol;
  }

  get binaryType() {
    return this.inner.binaryType;
  }

  set binaryType(value) {
    this.inner.binaryType = value;
  }

  send(data) {
    this.inner.send(data);
  }

  close(code, reason) {
    this.inner.close(code, reason);
  }
}
