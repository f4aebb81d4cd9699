// A socket without a network: takes the place of the browser's class before a contender is loaded. Its messages are real,
// trusted MessageEvents, which the browser made for a MessagePort; they are handed to the listeners one after the other.
//
// So neither the network nor the browser's dispatching, which are the same for all, is in the figures, and their noise
// isn't either.

/** All there are, so that a message can be given to the last one. */
export const sockets = [];

/** What a server would say: `protocol` and `greeting` when the line opens, `answer` to each message. */
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
    this.hand(event('open'));
    if (greeting) this.#say(greeting);
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
    this.hand(one);
    return !one.defaultPrevented;
  }

  hand(one) {
    const { type } = one;
    this[`on${type}`]?.call(this, one);
    for (const listener of this.#listeners.get(type) ?? [])
      if (typeof listener === 'function') listener.call(this, one);
      else listener.handleEvent(one);
  }

  /** The functions that hear a message, as the browser would call them. */
  ears() {
    const handler = this.onmessage;
    const list = (this.#listeners.get('message') ?? []).map((listener) =>
      typeof listener === 'function' ? listener : (one) => listener.handleEvent(one),
    );
    return handler ? [(one) => handler.call(this, one), ...list] : list;
  }

  send(data) {
    this.sent++;
    const answer = this.#server.answer?.(data);
    if (answer) this.#say(answer);
  }

  async #say(text) {
    for (const one of await record([text])) this.hand(one);
  }

  close() {
    this.readyState = 3;
  }
}

/** From now on sockets have this server. */
export const serve = (wire = {}) => {
  server = wire;
};

/** From now on sockets open by themselves, or stay as they are until `open()`. */
export const setOpening = (will) => {
  opens = will;
};

// As the browser's: nobody but it can make one that is trusted. Some contenders make a copy by the constructor.
const event = (type) => ({
  type,
  constructor: Event,
  isTrusted: true,
  defaultPrevented: false,
  stopImmediatePropagation() {},
  preventDefault() {},
});

/** So many fresh events, made by the browser, which nobody has looked into yet. */
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
