// The page's connection to its room, over a socket of the chosen kind. It outlives its sockets: handlers are registered once,
// and events of an earlier socket are ignored.

import { kinds } from './kinds.js';

const EVENTS = ['open', 'drop', 'resume', 'close', 'lost', 'statechange'];

/**
 * Fires the events of its socket again, each as the `detail` of an event of the same type; and `attempt`, `probe` and `answer`.
 * Fires `switch` when a socket of another kind replaces the present one. Its `detail` has the old `socket`, and `keep`, which
 * takes a promise: the old socket is closed only once the promise has settled.
 */
export class Connection extends EventTarget {
  #handlers = [];
  #wasConnecting = false;
  kind = 'session';
  /** The room that the next `connect` leads into. */
  room;
  /** The present socket; `undefined` before the first `connect`. */
  socket;
  /** Grows with each new socket, and with each `open`. A socket that resumes its session does not open again. */
  generation = 0;

  /** `tab`: the key by which the server knows this page. */
  constructor(room, tab) {
    super();
    this.room = room;
    this.tab = tab;
  }

  /** Whether the socket reconnects by itself. */
  get reconnects() {
    return kinds[this.kind].reconnects;
  }

  get isOpen() {
    return this.socket?.state === 'open';
  }

  /** Whether only another `connect` opens it again. */
  get isClosed() {
    return this.socket === undefined || this.socket.state === 'closed';
  }

  /** Whether messages that were sent in this generation arrive, or have arrived. */
  isCurrent(generation) {
    return generation === this.generation && (kinds[this.kind].resumes ? !this.isClosed : this.isOpen);
  }

  /** Calls the handler for each message of the type, over whichever socket it arrives. */
  on(type, handler) {
    this.#handlers.push([type, handler]);
    this.socket?.on(type, handler);
  }

  /** Replaces the socket by a new one of this kind. */
  connect(kind = this.kind) {
    const previous = this.socket;
    const isSwitch = previous !== undefined && kind !== this.kind;
    this.kind = kind;
    const ifPresent = (act) => (given) => {
      if (socket === this.socket) act(given);
    };
    const socket = kinds[kind].open(`${this.room}?tab=${this.tab}`, {
      probed: ifPresent(() => this.#fire('probe')),
      answered: ifPresent((milliseconds) => this.#fire('answer', milliseconds)),
    });
    this.socket = socket;
    // The page is a member of the room over the new socket only once that has opened.
    this.generation++;
    // The new socket's first attempt is another one, also if the previous socket was connecting.
    this.#wasConnecting = false;
    this.#close(previous, isSwitch);
    for (const [type, handler] of this.#handlers) socket.on(type, handler);
    for (const type of EVENTS)
      socket.addEventListener(
        type,
        ifPresent((event) => this.#pass(type, event)),
      );
    this.#watchAttempts();
    this.#fire('statechange');
  }

  /** Closes a socket, once no listener of `switch` waits for a message over it any more. */
  async #close(socket, isSwitch) {
    const reasons = [];
    if (isSwitch) this.#fire('switch', { socket, keep: (reason) => reasons.push(reason) });
    if (reasons.length) await Promise.allSettled(reasons);
    socket?.close();
  }

  #pass(type, event) {
    if (type === 'open') this.generation++;
    if (type === 'statechange') this.#watchAttempts();
    this.#fire(type, event);
  }

  #watchAttempts() {
    const isConnecting = this.socket.state === 'connecting';
    if (isConnecting && !this.#wasConnecting) this.#fire('attempt');
    this.#wasConnecting = isConnecting;
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
