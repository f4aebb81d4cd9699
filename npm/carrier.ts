// Whatever the page listens for is registered with the browser's own socket, so that the browser itself does what the
// standard says of listeners: their order, errors, microtasks in between. When the line gets a new socket, the
// registrations go along.

import type { Ear, Line } from '#wasm';
import type { LostEvent } from './events.js';
import { hide, show } from './face.js';
import type { Cause, Decide, Heartbeat } from './options.js';

type Callback = EventListenerOrEventListenerObject;

interface Registration {
  type: string;
  callback: Callback;
  capture: boolean;
  listener: Callback;
  options: AddEventListenerOptions;
}

/** In the order of the core. */
export const CAUSES: Cause[] = ['close', 'heartbeat', 'timeout', 'url', 'wake', 'reconnect'];
const FATES: LostEvent['cause'][] = ['expired', 'overflow', 'closed'];

/** What `hear` is told, beside the events. */
const enum Told {
  Ping = 4,
  Transmit,
  /** And the fates after it. */
  Lost,
}

const EVENTS = ['statechange', 'open', 'error', 'close'];

/** What `lose` answers, if not with milliseconds. */
const enum Verdict {
  Retry = -1,
  GiveUp = -2,
  Default = -3,
}

/** How much a message counts: bytes, or for text its length. */
export const sizeOf = (data: unknown): number => {
  try {
    const { byteLength, size, length } = Object(data) as { byteLength?: number; size?: number; length?: number };
    return byteLength ?? size ?? length ?? 0;
  } catch {
    // A detached view, an imitated Blob: the browser knows what to make of them.
    return 0;
  }
};

/** The standard's `EventListener? callback`, which may be null, but not missing. */
const check = (count: number, callback: Callback | null) => {
  if (count < 2 || (callback != null && Object(callback) !== callback))
    throw new TypeError('Undrop: a listener must be a function or an object.');
};

const parse = (options: boolean | AddEventListenerOptions | null | undefined): AddEventListenerOptions =>
  Object(options) === options ? (options as AddEventListenerOptions) : { capture: !!options };

/**
 * Through which the driver hears. It is held for good, and so holds on to nothing but the line, and to that only for as
 * long as somebody else does.
 */
const makeEar = () => {
  const ear: Ear & { line?: WeakRef<Line> } = (...heard) => !!ear.line?.deref()?.hear(...heard);
  return ear;
};

/** What there is of a socket while its URL is still looked for. */
const nowhere = () =>
  Object.assign(new EventTarget(), {
    url: '',
    protocol: '',
    extensions: '',
    binaryType: 'blob',
    bufferedAmount: 0,
    readyState: 0,
    close() {},
  }) as unknown as WebSocket;

/**
 * Holds on to its owner through the owner's listeners alone: without any, an owner that nobody uses is collected, and
 * its line closed.
 */
export class Carrier {
  socket = nowhere();
  #registrations: Registration[] = [];
  /** The messages that the core counts. */
  readonly #waiting: unknown[] = [];
  readonly #heartbeat: Heartbeat | undefined;
  readonly #decide: Decide | undefined;

  readonly ear = makeEar();

  /** @param source - Where to dial, or how to find out: see `dial` in `native.js`. */
  constructor(
    readonly source: object,
    heartbeat: Heartbeat | undefined,
    decide: Decide | undefined,
  ) {
    this.#heartbeat = heartbeat;
    this.#decide = decide;
  }

  // What the driver calls, as `src/export/line.rs` has it.

  carry(socket: WebSocket) {
    hide(socket);
    socket.binaryType = this.socket.binaryType;
    for (const { type, listener, options } of this.#living()) {
      this.socket.removeEventListener(type, listener, options);
      socket.addEventListener(type, listener, options);
    }
    this.socket = socket;
    this.#eavesdrop();
  }

  hear(what: number) {
    const type = EVENTS[what];
    if (what === Told.Ping) this.#ping();
    else if (what === Told.Transmit) this.socket.send(this.#waiting.shift() as string);
    else if (what >= Told.Lost) {
      const event = new MessageEvent('lost', { data: this.#waiting.shift() });
      this.#dispatch(event, { cause: FATES[what - Told.Lost] });
    } else if (type) this.#dispatch(type === 'close' ? new CloseEvent(type, { code: 1006 }) : new Event(type));
  }

  lose(
    asks: boolean,
    cause: number,
    code: number,
    attempt: number,
    delay: number,
    { reason = '', wasClean = false }: Partial<CloseEvent> = {},
  ): number {
    const more = { cause: CAUSES[cause] as Cause, attempt, delay };
    let verdict: boolean | number | undefined;
    if (asks) {
      try {
        verdict = this.#decide?.({ code, reason, ...more });
      } catch (error) {
        reportError(error);
      }
    } else if (!this.#dispatch(new CloseEvent('drop', { code, reason, wasClean, cancelable: true }), more))
      verdict = false;
    return verdict === false ? Verdict.GiveUp : verdict === true ? Verdict.Retry : (verdict ?? Verdict.Default);
  }

  #dispatch(event: Event, more?: object) {
    return this.socket.dispatchEvent(Object.assign(event, more));
  }

  // What the shell calls.

  set line(line: Line) {
    this.ear.line = new WeakRef(line);
    this.#eavesdrop();
  }

  /** Takes a message that the core has taken. */
  wait(message: unknown) {
    this.#waiting.push(message);
  }

  dispatch(owner: EventTarget, event: Event) {
    if (event instanceof Event) show(event, owner);
    return this.socket.dispatchEvent(event);
  }

  add(
    count: number,
    owner: EventTarget,
    type: string,
    callback: Callback | null,
    given?: boolean | AddEventListenerOptions | null,
  ) {
    check(count, callback);
    // Each is read once.
    const { capture: captures, once, passive, signal } = parse(given);
    const capture = !!captures;
    if (callback == null || this.#find(type, callback, capture)) return;
    const options = { capture, passive, signal } as AddEventListenerOptions;
    /** Whether the page gets the event. */
    const admits = (event: Event) => {
      if (show(event, owner) && type === 'message' && this.#swallows(event as MessageEvent)) return false;
      // The browser's own `once` would be spent on a message that is not the page's.
      if (once) this.remove(2, type, callback, capture);
      return true;
    };
    const listener: Callback =
      typeof callback === 'function'
        ? (event) => admits(event) && callback.call(owner, event)
        : {
            // Looked up at each event, and what is no function is left to the browser: they differ in what they do then.
            get handleEvent() {
              const { handleEvent } = callback;
              return typeof handleEvent === 'function'
                ? (event: Event) => admits(event) && handleEvent.call(callback, event)
                : handleEvent;
            },
          };
    this.socket.addEventListener(type, listener, options);
    if (signal?.aborted) return;
    this.#registrations.push({ type, callback, capture, listener, options });
    this.#eavesdrop();
  }

  remove(count: number, type: string, callback: Callback | null, options?: boolean | EventListenerOptions | null) {
    check(count, callback);
    const found = callback && this.#find(type, callback, !!parse(options).capture);
    if (!found) return;
    this.socket.removeEventListener(type, found.listener, found.options);
    this.#registrations = this.#registrations.filter((one) => one !== found);
    this.#eavesdrop();
  }

  #find(type: string, callback: Callback, capture: boolean) {
    return this.#living().find((one) => one.type === type && one.callback === callback && one.capture === capture);
  }

  /** An aborted signal has removed its registrations from the socket by itself. */
  #living() {
    this.#registrations = this.#registrations.filter((one) => !one.options.signal?.aborted);
    return this.#registrations;
  }

  /** A second listener costs a message half of what the first one costs: there is one of ours only where there is none. */
  #eavesdrop() {
    const heard = this.#registrations.some(({ type }) => type === 'message');
    this.socket.onmessage = heard ? null : (event) => this.#swallows(event);
  }

  /** Tells the core of a message, before the first listener sees it. True if it is none of the page's: a reply to a
   * heartbeat, or what a line still says that was given up. */
  #swallows(event: MessageEvent): boolean {
    if (!event.isTrusted) return false;
    const { data } = event;
    const reply = this.#heartbeat?.reply;
    const replies = typeof reply === 'function' ? reply(data) : reply !== undefined && data === reply;
    const swallows = !this.ear.line?.deref()?.heard(sizeOf(data), replies) || replies;
    if (swallows) event.stopImmediatePropagation();
    return swallows;
  }

  #ping() {
    try {
      const message = this.#heartbeat?.message;
      this.socket.send((typeof message === 'function' ? message() : message) as string);
    } catch (error) {
      reportError(error);
    }
  }
}
