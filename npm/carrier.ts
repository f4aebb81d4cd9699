// Whatever the page listens for is registered with the browser's own socket, so that the browser itself does what the
// standard says of listeners: their order, `once`, errors, microtasks in between. When the line gets a new socket, the
// registrations go along.

import { hide, show } from './face.js';

interface Registration {
  type: string;
  callback: EventListenerOrEventListenerObject;
  capture: boolean;
  listener: (event: Event) => void;
  options: AddEventListenerOptions;
}

const parse = (options: boolean | AddEventListenerOptions | null | undefined): AddEventListenerOptions =>
  Object(options) === options ? (options as AddEventListenerOptions) : { capture: !!options };

/** Holds on to its owner through the owner's listeners alone: without any, an owner that nobody uses is collected. */
export class Carrier {
  socket!: WebSocket;
  #registrations: Registration[] = [];

  /** Called by the driver at each dial. */
  carry(socket: WebSocket) {
    const last = this.socket as WebSocket | undefined;
    hide(socket);
    if (last) socket.binaryType = last.binaryType;
    for (const { type, listener, options } of this.#living()) {
      last?.removeEventListener(type, listener, options);
      socket.addEventListener(type, listener, options);
    }
    this.socket = socket;
  }

  /** Called by the driver when it is over. */
  release() {}

  dispatch(owner: EventTarget, event: Event) {
    if (event instanceof Event) show(event, owner);
    return this.socket.dispatchEvent(event);
  }

  add(
    owner: EventTarget,
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    given?: boolean | AddEventListenerOptions | null,
  ) {
    // Read once and in this order, as the standard's conversion of a dictionary does.
    const { capture: captures, once, passive, signal } = parse(given);
    const capture = !!captures;
    if (callback == null || this.#find(type, callback, capture)) return;
    const options = { capture, once: !!once, passive: !!passive, ...(signal === undefined ? {} : { signal }) };
    const listener = (event: Event) => {
      if (once) this.remove(type, callback, capture);
      show(event, owner);
      if (typeof callback === 'function') callback.call(owner, event);
      else callback.handleEvent(event);
    };
    this.socket.addEventListener(type, listener, options);
    if (!signal?.aborted) this.#registrations.push({ type, callback, capture, listener, options });
  }

  remove(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions | null,
  ) {
    const found = callback && this.#find(type, callback, !!parse(options).capture);
    if (found) {
      this.socket.removeEventListener(type, found.listener, found.options);
      this.#registrations = this.#registrations.filter((one) => one !== found);
    }
  }

  #find(type: string, callback: EventListenerOrEventListenerObject, capture: boolean) {
    return this.#living().find((one) => one.type === type && one.callback === callback && one.capture === capture);
  }

  /** An aborted signal has removed its registrations from the socket by itself. */
  #living() {
    this.#registrations = this.#registrations.filter((one) => !one.options.signal?.aborted);
    return this.#registrations;
  }
}
