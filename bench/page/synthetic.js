// A socket without a network. It replaces the browser's class before a contender is loaded. Its messages are trusted
// MessageEvents, which the browser has made for a MessagePort; the listeners are called with them one after the other.
//
// So the figures contain neither the network nor the browser's dispatching, which are the same for all contenders, nor the
// noise of both.

/** All sockets, the newest last. */
export const sockets = [];

/** The server: its `protocol` and `greeting` when a socket opens, and its `answer` to each message. */
let server = {};
let opens = true;

export class SyntheticSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  CONNECTING = 0;
  OPEN = 1;
  CLOSING = 2;
  CLOSED = 3;
  readyState = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  bufferedAmount = 0;
  sent = 0;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #listeners = new Map();
  #server = server;

  constructor(url) {
    this.url = String(url);
    sockets.push(this);
    if (opens) setTimeout(() => this.open());
  }

  open() {
    const { protocol = '', greeting } = this.#server;
    this.readyState = 1;
    this.protocol = protocol;
    this.fire(event('open'));
    if (greeting) this.#receive(greeting);
  }

  addEventListener(type, listener) {
    const list = this.#listeners.get(type) ?? [];
    if (!list.includes(listener)) this.#listeners.set(type, [...list, listener]);
  }

  removeEventListener(type, listener) {
    const list = this.#listeners.get(type) ?? [];
    this.#listeners.set(
      type,
      list.filter((one) => one !== listener),
    );
  }

  dispatchEvent(one) {
    this.fire(one);
    return !one.defaultPrevented;
  }

  fire(one) {
    const { type } = one;
    Object.defineProperty(one, 'currentTarget', { value: this, configurable: true });
    this[`on${type}`]?.call(this, one);
    for (const listener of this.#listeners.get(type) ?? [])
      if (typeof listener === 'function') listener.call(this, one);
      else listener.handleEvent(one);
  }

  /** The listeners of messages as functions, in the order in which the browser would call them. */
  messageListeners() {
    const handler = this.onmessage;
    const list = (this.#listeners.get('message') ?? []).map((listener) =>
      typeof listener === 'function' ? listener : (one) => listener.handleEvent(one),
    );
    return handler ? [(one) => handler.call(this, one), ...list] : list;
  }

  send(data) {
    this.sent++;
    const answer = this.#server.answer?.(data);
    if (answer) this.#receive(answer);
  }

  async #receive(text) {
    for (const one of await record([text])) this.fire(one);
  }

  close() {
    this.readyState = 3;
  }
}

/** Sets the server of all later sockets. */
export const serve = (wire = {}) => {
  server = wire;
};

/** Sets whether later sockets open by themselves, or only by `open()`. */
export const setOpening = (will) => {
  opens = will;
};

// Looks like a trusted event, which only the browser can make. Some contenders copy it with its constructor.
const event = (type) => ({
  type,
  constructor: Event,
  isTrusted: true,
  defaultPrevented: false,
  stopImmediatePropagation() {},
  preventDefault() {},
});

/** Has the browser make an event of each text. Their `data` has not been read yet. */
export const record = (texts) =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const events = [];
    port1.onmessage = (one) => {
      events.push(one);
      if (events.length < texts.length) return;
      port1.close();
      resolve(events);
    };
    for (const text of texts) port2.postMessage(text);
  });
