// The part of a socket that needs JavaScript: whatever the page listens for is registered with the native socket, so that
// the browser itself does what the standard says of listeners: their order, their errors, the microtasks in between. When
// there is a new native socket, the registrations move to it.

import { Close, dispatch, exception, isSynthetic } from '#native';
import { Authentication } from './authentication.js';
import { sizeOf, toMessage } from './conversions.js';
import type { Core } from './core.js';
import type {
  Authenticate,
  Cause,
  Decide,
  Heartbeat,
  Reset,
  Resume,
  SessionOptions,
  UndropOptions,
} from './options.js';
import { forget, represent, retarget } from './retarget.js';

type Callback = EventListenerOrEventListenerObject;

interface Registration {
  type: string;
  callback: Callback;
  capture: boolean;
  listener: Callback;
  options: AddEventListenerOptions;
}

/** What became of a message, by the names of `proto/src/outcome.rs`. */
export type Outcome =
  | 'sent'
  | 'delivered'
  | 'expired'
  | 'overflow'
  | 'withdrawn'
  | 'too-large'
  | 'unsent'
  | 'unconfirmed'
  | 'closed';

export type Data = string | ArrayBufferLike | Blob | ArrayBufferView;

/** Where to connect, or how to find out. */
export type Source = { url: string; protocols: string[] } | { find: () => Promise<[url: string, protocols: string[]]> };

/** The standard's `EventListener? callback`, which may be null, but not missing. */
const check = (count: number, callback: Callback | null) => {
  if (count < 2 || (callback != null && Object(callback) !== callback))
    throw new TypeError('Undrop: a listener must be a function or an object.');
};

const parse = (options: boolean | AddEventListenerOptions | null | undefined): AddEventListenerOptions =>
  Object(options) === options ? (options as AddEventListenerOptions) : { capture: !!options };

/** What the page's code throws is reported, and everything goes on. */
const reported = <T>(call: (() => T) | undefined): T | undefined => {
  try {
    return call?.();
  } catch (error) {
    reportError(error);
  }
  return undefined;
};

/** Stands for the native socket as long as the URL is looked for. */
const placeholder = () =>
  Object.assign(new EventTarget(), {
    url: '',
    protocol: '',
    extensions: '',
    binaryType: 'blob',
    readyState: 0,
    bufferedAmount: 0,
    close() {},
  }) as unknown as WebSocket;

/** A socket of ours that nobody holds any more is closed. */
const collected = new FinalizationRegistry(({ core, id }: { core: Core; id: number }) => core.release(id));

/**
 * Refers to our socket through the page's listeners alone: without any, a socket that nobody holds is collected, and its
 * connection closed.
 */
export class Shell {
  /** The native socket of the last attempt. */
  native = placeholder();
  /** Is given the data of each message of the page's, before the page's listeners. */
  tap: ((data: unknown) => void) | undefined;
  /** The handlers of the `on…` attributes. */
  readonly handlers = new Map<string, { value: object; listener: EventListener }>();
  readonly core: Core;
  /** The number of the socket in the module. */
  readonly id: number;
  /** Where the page's listeners are registered: the native socket, unless it was abandoned. */
  #target: EventTarget = this.native;
  #registrations: Registration[] = [];
  readonly #socket: WeakRef<EventTarget>;
  readonly #source: Source;
  readonly #authenticate: Authenticate | undefined;
  /** While the page authenticates. */
  #authentication: Authentication | undefined;
  readonly #decide: Decide | undefined;
  readonly #reply: Heartbeat['reply'];
  readonly #onReset: Resume['onReset'];
  /** The first code unit of text frames that concern the session; undefined without a session. */
  readonly #escape: number | undefined;
  #hasWarned = false;
  /** Hears messages while the page does not. */
  readonly #hear = (event: MessageEvent) => {
    if (!isSynthetic(event)) this.#swallows(event);
  };
  /** What a function of the page's has thrown, while the drop that comes of it is reported. */
  #thrown: { error: unknown } | undefined;

  /** Begins the first attempt. */
  constructor(core: Core, socket: EventTarget, source: Source, options: SessionOptions) {
    const { authenticate, retry, heartbeat, resume } = Object(options) as SessionOptions & UndropOptions;
    this.core = core;
    this.#socket = new WeakRef(socket);
    this.#source = source;
    this.#authenticate = authenticate;
    this.#decide = typeof retry === 'function' ? retry : (Object(retry) as { decide?: Decide }).decide;
    this.#reply = heartbeat ? (heartbeat as Heartbeat).reply : undefined;
    this.#onReset = (Object(resume) as Resume).onReset;
    represent(this.#target, this.#socket);
    const { url, protocols = [] } = 'find' in source ? {} : source;
    this.id = core.connect(this, core.handle, url, protocols, options);
    this.#escape = core.escape?.(this.id);
    collected.register(socket, { core, id: this.id });
  }

  // What Rust calls: see `src/js/shell.rs`.

  /** There is a new native socket; or the last one was abandoned, and there is none yet. */
  attach(native: WebSocket | undefined) {
    this.#endAuthentication();
    if (native) {
      native.binaryType = this.native.binaryType;
      this.native = native;
    }
    const target = native ?? new EventTarget();
    represent(target, this.#socket);
    for (const { type, listener, options } of this.#living()) {
      this.#target.removeEventListener(type, listener, options);
      target.addEventListener(type, listener, options);
    }
    this.#target = target;
    this.#eavesdrop();
  }

  find(attempt: number) {
    if (!('find' in this.#source)) return;
    const { core } = this;
    // The first call comes before this socket has its number.
    this.#source
      .find()
      .then(([url, protocols]) => core.found(this.id, attempt, url, protocols))
      .catch((error) => this.#fail(error, () => core.notFound(this.id, attempt)));
  }

  /** The page authenticates before anything else is sent; what arrives meanwhile is its alone. */
  async authenticate(attempt: number) {
    const { core, id } = this;
    const authentication = new Authentication(this.native);
    this.#authentication = authentication;
    try {
      await this.#authenticate?.(authentication.connection);
    } catch (error) {
      if (this.#authentication !== authentication) authentication.report(error);
      else this.#fail(error, () => core.authenticated(id, attempt, false));
      return;
    }
    if (this.#authentication !== authentication) return;
    this.#endAuthentication();
    core.authenticated(id, attempt, true);
    // What the page has not received there are its messages now.
    for (const data of authentication.unread) this.#target.dispatchEvent(new MessageEvent('message', { data }));
  }

  notify(type: string, message: string | undefined) {
    if (type === 'statechange') this.#endAuthentication();
    const onReset = this.#onReset;
    if (type === 'reset') reported(() => onReset?.({ reason: message as Reset['reason'] }));
    else this.#fire(new Event(type), message === undefined ? undefined : { message });
  }

  /** The connection is closed. The page's listeners may hear the browser's own event, which says so. */
  closed(close: CloseEvent, cause: Cause | undefined, isHeard: boolean) {
    const more = cause && { cause, ...this.#thrown };
    if (isHeard) Object.assign(close, more);
    else this.#fire(new Close('close', close), more);
  }

  /** False if a listener has prevented the default. */
  dropped({ code, reason, wasClean }: CloseEvent, cause: Cause, attempt: number, delay: number): boolean {
    const event = new Close('drop', { code, reason, wasClean, cancelable: true });
    return this.#fire(event, { cause, attempt, delay, ...this.#thrown });
  }

  decide({ code, reason }: CloseEvent, cause: Cause, attempt: number, delay: number): unknown {
    return reported(() => this.#decide?.({ cause, code, reason, attempt, delay, ...this.#thrown }));
  }

  lost(data: unknown, cause: string) {
    this.#fire(new MessageEvent('lost', { data }), { cause });
  }

  // What the class calls.

  get keepsSession() {
    return this.#escape !== undefined;
  }

  /**
   * Sends a message. With `settle`, that function is called with its outcome, and nobody else is. Returns the number of the
   * message, by which it can be withdrawn; 0 if it was sent already.
   */
  send(data: Data, settle?: (outcome: Outcome) => void, timeToLive?: number): number {
    const { core, id, native } = this;
    if (!this.keepsSession && core.admits(id, native.readyState, sizeOf(data))) {
      native.send(data as string);
      return 0;
    }
    const message = toMessage(data);
    const first = typeof message === 'string' ? message.charCodeAt(0) || 0 : -1;
    let number: number;
    try {
      number = core.send(id, message, sizeOf(message), first, timeToLive, settle);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      throw exception(error.name, error.message.slice('Undrop: '.length, -1), '', this.#address);
    }
    if (!number && !this.#hasWarned) {
      this.#hasWarned = true;
      console.warn('Undrop: what is sent after close() is discarded.');
    }
    return number;
  }

  /** What became of a message, as a clause that names the connection. */
  describe(outcome: string) {
    return `${this.core.outcomes()[outcome]}${this.#address}`;
  }

  /** Nothing is sent or received any more. */
  get closedError() {
    return exception('InvalidStateError', this.describe('closed'));
  }

  withdraw(number: number) {
    this.core.withdraw(this.id, number);
  }

  /** Closes the connection. The browser checks the arguments, whatever has become of the native socket. */
  close(code: number | undefined, reason: string | undefined) {
    this.native.close(code, reason);
    this.core.close(this.id);
  }

  /** Connects now. The module may have let go of this shell, if it was closed. */
  reconnect() {
    this.core.reconnect(this.id, this);
  }

  /** The page dispatches an event of its own. */
  dispatch(event: Event) {
    if (event instanceof Event) retarget(event);
    forget();
    return dispatch(this.#target, event);
  }

  add(
    count: number,
    socket: EventTarget,
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
      if (retarget(event) && type === 'message' && this.#swallows(event as MessageEvent)) return false;
      // The browser's own `once` would be spent on a message that is not the page's.
      if (once) this.remove(2, type, callback, capture);
      return true;
    };
    const calling = (self: unknown, listener: EventListener) => (event: Event) => {
      try {
        if (admits(event)) listener.call(self, event);
      } finally {
        forget();
      }
    };
    const listener: Callback =
      typeof callback === 'function'
        ? calling(socket, callback)
        : {
            // Looked up at each event. What is no function is left to the browser: browsers differ in what they do then.
            get handleEvent() {
              const { handleEvent } = callback;
              return typeof handleEvent === 'function' ? calling(callback, handleEvent) : handleEvent;
            },
          };
    this.#target.addEventListener(type, listener, options);
    if (signal?.aborted) return;
    this.#registrations.push({ type, callback, capture, listener, options });
    this.#eavesdrop();
  }

  remove(count: number, type: string, callback: Callback | null, options?: boolean | EventListenerOptions | null) {
    check(count, callback);
    const found = callback && this.#find(type, callback, !!parse(options).capture);
    if (!found) return;
    this.#target.removeEventListener(type, found.listener, found.options);
    this.#registrations = this.#registrations.filter((one) => one !== found);
    this.#eavesdrop();
  }

  /** https://html.spec.whatwg.org/#event-handler-idl-attributes: a handler keeps its place among the listeners. */
  handle(socket: EventTarget, type: string, value: unknown) {
    const handler = this.handlers.get(type);
    if (Object(value) !== value) {
      if (handler) this.remove(2, type, handler.listener);
      this.handlers.delete(type);
    } else if (handler) {
      handler.value = value as object;
    } else {
      const added = {
        value: value as object,
        listener: (event: Event) => {
          if (typeof added.value === 'function' && added.value.call(socket, event) === false) event.preventDefault();
        },
      };
      this.handlers.set(type, added);
      this.add(2, socket, type, added.listener);
    }
  }

  /** The page has authenticated, or the connection is over. */
  #endAuthentication() {
    this.#authentication?.end();
    this.#authentication = undefined;
  }

  /** A function of the page's that an attempt needs has thrown: `drop` ends the attempt. */
  #fail(error: unknown, drop: () => void) {
    reportError(error);
    this.#thrown = { error };
    drop();
    this.#thrown = undefined;
  }

  #find(type: string, callback: Callback, capture: boolean) {
    return this.#living().find((one) => one.type === type && one.callback === callback && one.capture === capture);
  }

  /** An aborted signal has removed its registrations from the target by itself. */
  #living() {
    this.#registrations = this.#registrations.filter((one) => !one.options.signal?.aborted);
    return this.#registrations;
  }

  /** The URL for an error, without its query, which may have secrets in it. Nothing before there is a native socket. */
  get #address() {
    const [address] = this.native.url.split('?');
    return address && ` (${address})`;
  }

  #fire(event: Event, more?: object) {
    return dispatch(this.#target, Object.assign(event, more));
  }

  /** The first listener of the page's does the accounting too, since a second listener costs half of what the first one
   * costs. There is one of ours only where the page has none. */
  #eavesdrop() {
    if (this.#target !== this.native) return;
    const isHeard = this.#registrations.some(({ type }) => type === 'message');
    this.native.onmessage = isHeard ? null : this.#hear;
  }

  /** Counts a message, before the first listener hears it. True if it is not the page's: a reply to a heartbeat, or a
   * control frame of the session. */
  #swallows(event: MessageEvent): boolean {
    const { core, id } = this;
    // Read once: that takes the browser as long as all that is done here.
    const { data } = event;
    if (this.#authentication) {
      this.#authentication.hear(data);
      event.stopImmediatePropagation();
      return true;
    }
    const reply = this.#reply;
    const isReply = reply !== undefined && (typeof reply === 'function' ? reply(data) : data === reply);
    let own: unknown = data;
    if (typeof data === 'string' && data.charCodeAt(0) === this.#escape) {
      own = core.escapedFrame?.(id, data);
      if (own !== undefined) Object.defineProperty(event, 'data', { value: own, enumerable: true, configurable: true });
    }
    if (own === undefined || !core.received(id, sizeOf(data), isReply)) {
      event.stopImmediatePropagation();
      return true;
    }
    this.tap?.(own);
    return false;
  }
}
