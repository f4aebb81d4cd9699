// Whatever the page listens for is registered with the browser's own socket, so that the browser itself does what the
// standard says of listeners: their order, errors, microtasks in between. When the line gets a new socket, the
// registrations go along.

import { carriers } from '#carriers';
import { forget as abandon, condition, dial, type Ear, unwatch, wake, watch } from '#native';
import { free, hear, heard, make, send, withdraw } from '#wasm';
import type { LostEvent } from './events.js';
import { forget, hide, show } from './face.js';
import type { Mailbox } from './mailbox.js';
import { type Cause, type Decide, decision, type Heartbeat, parseOptions, type UndropOptions } from './options.js';
import type { LostEvent as LostInSession } from './session-events.js';

type Callback = EventListenerOrEventListenerObject;

interface Registration {
  type: string;
  callback: Callback;
  capture: boolean;
  listener: Callback;
  options: AddEventListenerOptions;
}

/** What has become of a message that had to wait; over a session it is `sent` when the server has it. */
export type Fate = 'sent' | LostInSession['cause'];

interface Waiting {
  data: unknown;
  told: ((fate: Fate) => void) | undefined;
}

/** In the order of the core. */
export const CAUSES: Cause[] = ['close', 'heartbeat', 'timeout', 'url', 'wake', 'reconnect'];
export const FATES: LostEvent['cause'][] = ['closed', 'overflow', 'expired'];

/** What `act` is asked to do, as in `src/export/line.rs`, beside telling of the events. */
const enum Acts {
  Ping = 5,
  Dial,
  HangUp,
  Wake,
  Watch,
  End,
  Transmit,
  /** And the fates after it. */
  Lost,
}

/** What the core tells of, in its order. */
export const EVENTS = ['statechange', 'open', 'error', 'close', ...(SESSION ? ['resume'] : [])];

/** What `lose` answers, if not with milliseconds. */
const enum Verdict {
  Retry = -1,
  GiveUp = -2,
  Default = -3,
}

/** How much a message counts: bytes, or for text its length. */
export const sizeOf = (data: unknown): number => {
  if (typeof data === 'string') return data.length;
  try {
    const { byteLength, size } = Object(data) as { byteLength?: number; size?: number };
    return byteLength ?? size ?? 0;
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

/** A socket of ours that nobody uses any more hangs up. */
const abandoned = new FinalizationRegistry((held: Held) => {
  free(held.line);
  held.line = 0;
});

/** The number of a line, 0 once there is none. */
interface Held {
  line: number;
}

/** The number of the last carrier. */
let last = 0;

/** What `native.js` reports when the handshake succeeded, and when a socket was dialled whose URL had to be found first. */
const OPENED = 0;
const FOUND_SOCKET = 4;

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and what stands for it in docs/protocol.md. */
const PROTOCOL_ERROR = 1002;
const PROTOCOL_ERROR_OF_A_PAGE = 4402;

/**
 * Holds on to its owner through the owner's listeners alone: without any, an owner that nobody uses is collected, and
 * its line closed.
 */
export class Carrier {
  socket = nowhere();
  /** Set where a session is kept, and there alone. */
  declare mailbox: Mailbox | undefined;
  /** Is given what each message of the page's holds, before the page's listeners. */
  tap: ((data: unknown) => void) | undefined;
  /** Whether the socket is that of the present dial. */
  #isLive = false;
  #registrations: Registration[] = [];
  /** The messages that the core counts, by their numbers: an array would move all of them for each that leaves. */
  readonly #waiting = new Map<number, Waiting>();
  /** The numbers of the next to leave, or of one before it, and of the next to come. */
  #leaves = 0;
  #comes = 0;
  readonly #owner: WeakRef<EventTarget>;
  readonly #source: object;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #decide: Decide | undefined;
  readonly #held: Held = { line: 0 };
  readonly #number = ++last;
  #timer = 0;
  /** What the browser's constructor threw. */
  #thrown: unknown;
  /** The event behind what is told. */
  #behind: Partial<CloseEvent> | undefined;

  /**
   * Dials.
   *
   * @param source - Where to dial, or how to find out: see `dial` in `native.js`.
   */
  constructor(owner: EventTarget, source: object, options: UndropOptions) {
    const parsed = parseOptions(options);
    this.#owner = new WeakRef(owner);
    this.#source = source;
    this.#heartbeat = options.heartbeat;
    this.#decide = decision(options.retry);
    if (SESSION) {
      this.mailbox = options.mailbox;
      this.mailbox?.attach({
        number: this.#number,
        line: () => this.line,
        socket: () => this.socket,
        giveBack: (data, cause) => this.#dispatch(new MessageEvent('lost', { data }), { cause }),
        reject: (reason) => {
          this.#behind = { code: PROTOCOL_ERROR, reason, wasClean: false };
          // A page may not close with the code itself.
          this.socket.close(PROTOCOL_ERROR_OF_A_PAGE, reason);
          this.#hangUp();
        },
      });
    }
    carriers.set(this.#number, this);
    this.#held.line = make(this.#number, Math.random() * 2 ** 53, ...parsed);
    if (!this.line) throw this.#thrown;
    abandoned.register(owner, this.#held);
    this.#eavesdrop();
  }

  get line() {
    return this.#held.line;
  }

  readonly #ear: Ear = (what, epoch, detail, clean, value) => {
    if (what === FOUND_SOCKET) this.#carry(value as WebSocket);
    this.#behind = value as CloseEvent;
    const isStranger = SESSION && what === OPENED && this.mailbox && !this.mailbox.knows(this.socket.protocol);
    const answer = !isStranger && this.line && hear(this.line, what, epoch, detail, clean);
    this.#behind = undefined;
    return answer;
  };

  // What the driver calls, as `src/export/line.rs` has it.

  act(what: number, detail: number): unknown {
    const type = EVENTS[what];
    if (type) this.#tell(type);
    else if (SESSION && this.mailbox && what >= Acts.Transmit) return this.mailbox.act(what, detail);
    else if (what === Acts.Ping) this.#ping();
    else if (what === Acts.Dial) return this.#dial(detail);
    else if (what === Acts.HangUp) this.#hangUp();
    else if (what === Acts.Wake) this.#timer = wake(this.#timer, detail, this.#ear);
    else if (what === Acts.Watch) {
      watch(this.#ear);
      return condition();
    } else if (what === Acts.End) {
      this.#hangUp();
      unwatch(this.#ear);
      this.#timer = wake(this.#timer, -1, this.#ear);
      carriers.delete(this.#number);
      if (SESSION) this.mailbox?.ends();
      if (detail) this.#tell('close');
    } else {
      const { data, told } = this.#next();
      if (what === Acts.Transmit) this.socket.send(data as string);
      const fate = what === Acts.Transmit ? 'sent' : (FATES[what - Acts.Lost] as LostEvent['cause']);
      if (told) told(fate);
      else if (fate !== 'sent') this.#dispatch(new MessageEvent('lost', { data }), { cause: fate });
    }
    return;
  }

  lose(asks: boolean, cause: number, code: number, attempt: number, delay: number): number {
    const { reason = '', wasClean = false } = this.#behind ?? {};
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

  #next() {
    for (;;) {
      const waiting = this.#waiting.get(this.#leaves);
      this.#waiting.delete(this.#leaves++);
      if (waiting) return waiting;
    }
  }

  #dispatch(event: Event, more?: object) {
    return this.socket.dispatchEvent(Object.assign(event, more));
  }

  #tell(type: string) {
    if (SESSION && type === 'open') this.mailbox?.opens();
    const { code = 1006, reason = '', wasClean = false } = this.#behind ?? {};
    this.#dispatch(
      type === 'close' ? new CloseEvent(type, { code, reason, wasClean }) : new Event(type),
      SESSION && type === 'error' ? { message: reason } : undefined,
    );
  }

  #dial(epoch: number) {
    this.#isLive = false;
    if (SESSION) this.mailbox?.dials();
    try {
      const socket = dial(this.#source, epoch, this.#ear);
      if (socket) this.#carry(socket);
    } catch (error) {
      this.#thrown = error;
      return 0;
    }
    return 1;
  }

  #carry(socket: WebSocket) {
    hide(socket, this.#owner);
    socket.binaryType = this.socket.binaryType;
    for (const { type, listener, options } of this.#living()) {
      this.socket.removeEventListener(type, listener, options);
      socket.addEventListener(type, listener, options);
    }
    this.socket = socket;
    this.#isLive = true;
    this.#eavesdrop();
  }

  #hangUp() {
    if (this.#isLive) abandon(this.socket);
    this.#isLive = false;
  }

  // What the shell calls.

  /** Whether the socket may answer to what it is told. */
  get isLive() {
    return this.#isLive;
  }

  /** It may have been over. */
  revive() {
    carriers.set(this.#number, this);
  }

  /** Takes a message of so many bytes that has to wait, and returns what to do to take it back; or why it can't wait. */
  wait(data: unknown, bytes: number, told: Waiting['told']): number | (() => void) {
    const number = this.#comes++;
    // First, since the page may send more when it hears what made room.
    this.#waiting.set(number, { data, told });
    const refusal = send(this.line, bytes);
    if (!refusal)
      return () => {
        if (withdraw(this.line, [...this.#waiting.keys()].indexOf(number))) this.#waiting.delete(number);
      };
    this.#waiting.delete(number);
    return refusal;
  }

  dispatch(event: Event) {
    if (event instanceof Event) show(event);
    forget();
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
      if (show(event) && type === 'message' && this.#swallows(event as MessageEvent)) return false;
      // The browser's own `once` would be spent on a message that is not the page's.
      if (once) this.remove(2, type, callback, capture);
      return true;
    };
    const hear = (self: unknown, listener: EventListener) => (event: Event) => {
      try {
        if (admits(event)) listener.call(self, event);
      } finally {
        forget();
      }
    };
    const listener: Callback =
      typeof callback === 'function'
        ? hear(owner, callback)
        : {
            // Looked up at each event, and what is no function is left to the browser: they differ in what they do then.
            get handleEvent() {
              const { handleEvent } = callback;
              return typeof handleEvent === 'function' ? hear(callback, handleEvent) : handleEvent;
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
    // What the page dispatches is the page's affair; a listener does not take it for new, because it has been shown.
    this.socket.onmessage = heard ? null : (event) => event.isTrusted && this.#swallows(event);
  }

  /** Tells the core of a message, before the first listener sees it. True if it is none of the page's: a reply to a
   * heartbeat, or what a line still says that was given up. */
  #swallows(event: MessageEvent): boolean {
    // Read once: that takes the browser as long as all that is done here.
    const { data } = event;
    let own: unknown = data;
    if (SESSION && this.mailbox) {
      own = this.mailbox.admits(event, data, sizeOf(data));
      this.#behind = undefined;
    } else {
      const reply = this.#heartbeat?.reply;
      const replies = typeof reply === 'function' ? reply(data) : reply !== undefined && data === reply;
      if (!heard(this.line, sizeOf(data), replies) || replies) own = undefined;
    }
    if (own === undefined) event.stopImmediatePropagation();
    else this.tap?.(own);
    return own === undefined;
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
