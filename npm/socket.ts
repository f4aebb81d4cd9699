// What the class of each entry has: the standard's members and ours. Each class extends `EventTarget` itself and has its
// members on its own prototype, like the browser's own class.

import { isSupported } from '#native';
import { evaluate, type Given, toProtocols, toSignal, toUrl } from './conversions.js';
import type { Core } from './core.js';
import type { ClosedEvent, DropEvent, Events, LostEvent } from './events.js';
import type { Cause, SessionOptions } from './options.js';
import { type Data, Shell } from './shell.js';

/**
 * The state of a connection. While it is down `readyState` is `CONNECTING`: `connecting` during an attempt, `waiting`
 * until the next one, `offline` as long as the browser knows of no network either.
 */
export type State = 'connecting' | 'open' | 'waiting' | 'offline' | 'closing' | 'closed';

/** Counts since the socket was made. */
export interface Stats {
  attempts: number;
  opens: number;
  drops: Record<Cause, number>;
  messagesIn: number;
  messagesOut: number;
  /** Text counts by its length. */
  bytesIn: number;
  bytesOut: number;
  /** Milliseconds from a ping to its pong; 0 as long as there was none. */
  roundTrip: { last: number; min: number; mean: number };
}

/** `this` is typed as in the standard, so that a socket can be given to whatever takes a `WebSocket`. */
export type EventHandler<E extends Event> = ((this: WebSocket, event: E) => unknown) | null;

/** What the class of each entry has. */
export interface Socket extends EventTarget, WebSocket {
  onopen: EventHandler<Event>;
  onerror: EventHandler<Event>;
  onclose: EventHandler<ClosedEvent>;
  onmessage: EventHandler<MessageEvent>;
  ondrop: EventHandler<DropEvent>;
  onlost: EventHandler<LostEvent>;
  onstatechange: EventHandler<Event>;

  /** The URL as the browser resolved it. */
  readonly url: string;
  readonly readyState: 0 | 1 | 2 | 3;
  /** The state of the connection. `statechange` tells when it changes. */
  readonly state: State;
  /**
   * The number of the attempt that is under way, comes next or came last. `retry.limit` counts the same way: it is the number
   * of the last attempt. The first attempt, and the first one after a connection that lasted or after `reconnect()`, is 1.
   */
  readonly attempt: number;
  /** When the next attempt begins, as `Date.now()` counts; undefined unless the connection waits for it. */
  readonly retryAt: number | undefined;
  /** Bytes that `send` accepted and the network did not take yet. */
  readonly bufferedAmount: number;
  readonly extensions: string;
  /** The subprotocol that the server chose. */
  readonly protocol: string;
  /** The class of a binary message's `data`. */
  binaryType: BinaryType;
  /** Counts for a status page. */
  readonly stats: Stats;

  /**
   * Sends now, or when the connection is open.
   *
   * @throws InvalidStateError (DOMException) while the connection is not open and nothing may be queued.
   * @throws QuotaExceededError (DOMException) when too much is queued already.
   * @throws DataError (DOMException) when the message is larger than the server of a session accepts.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void;
  /**
   * @throws InvalidAccessError (DOMException) when the code is neither 1000 nor in 3000-4999.
   * @throws SyntaxError (DOMException) when the reason is longer than 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): void;
  /** Connects now, whatever the state, also when closed. An attempt that is under way goes on. */
  reconnect(): void;
  /** Resolves when all that was sent has left. Rejects when the socket is closed, or the signal is aborted. */
  flushed(options?: { signal?: AbortSignal | undefined }): Promise<void>;

  addEventListener: AddListener<Events, Socket>;
  removeEventListener: RemoveListener<Events, Socket>;
}

/** `addEventListener` of a class `This` that fires these events. */
export interface AddListener<E, This> {
  <K extends keyof E>(
    type: K,
    callback: (this: This, event: E[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  (
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** `removeEventListener` of a class `This` that fires these events. */
export interface RemoveListener<E, This> {
  <K extends keyof E>(
    type: K,
    callback: (this: This, event: E[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  (type: string, callback: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const EVENTS = ['open', 'error', 'close', 'message', 'statechange', 'drop', 'lost'];

const shells = new WeakMap<object, Shell>();

/** @internal The shell of a socket, whichever entry it is of. */
export const shellOf = (socket: object): Shell => {
  const shell = shells.get(socket);
  if (!shell) throw new TypeError('Illegal invocation');
  return shell;
};

/** @internal What each constructor does after `super()`: it begins the first attempt. */
export const begin = (
  socket: EventTarget,
  core: () => Core,
  given: { readonly length: number },
  url: Given<string | URL>,
  protocols: Given<string | Iterable<string>>,
  options: SessionOptions,
): Shell => {
  if (!isSupported) throw new Error('Undrop: there is no WebSocket here. Make the socket in a browser.');
  if (!given.length) throw new TypeError('Undrop needs the URL.');
  const source =
    typeof url === 'function' || typeof protocols === 'function'
      ? {
          find: async (): Promise<[string, string[]]> => [
            toUrl(await evaluate(url)),
            toProtocols(await evaluate(protocols)),
          ],
        }
      : { url: toUrl(url), protocols: toProtocols(protocols) };
  const signal = toSignal(options);
  const shell = new Shell(core(), socket, source, options);
  shells.set(socket, shell);
  // The signal may outlive the socket, and is not to keep it.
  const weak = new WeakRef(socket as Socket);
  signal?.addEventListener('abort', () => weak.deref()?.close());
  return shell;
};

/** The members that the class of each entry has. */
const members = {
  get url() {
    return shellOf(this).native.url;
  },
  get readyState() {
    const { core, id } = shellOf(this);
    return core.readyState(id);
  },
  get state() {
    const { core, id } = shellOf(this);
    return core.state(id);
  },
  get attempt() {
    const { core, id } = shellOf(this);
    return core.attempt(id);
  },
  get retryAt() {
    const { core, id } = shellOf(this);
    return core.retryAt(id);
  },
  get bufferedAmount() {
    const { core, id, native } = shellOf(this);
    return core.buffered(id, native.bufferedAmount);
  },
  get extensions() {
    return shellOf(this).native.extensions;
  },
  get protocol() {
    const { core, id, native } = shellOf(this);
    return core.protocol?.(id, native.protocol) ?? native.protocol;
  },
  get binaryType() {
    return shellOf(this).native.binaryType;
  },
  set binaryType(type: BinaryType) {
    shellOf(this).native.binaryType = type;
  },
  get stats() {
    const { core, id } = shellOf(this);
    return core.stats(id);
  },
  send(data: Data) {
    const shell = shellOf(this);
    // biome-ignore lint/complexity/noArguments: `send(undefined)` sends a word, `send()` is a mistake.
    if (!arguments.length) throw new TypeError('Undrop: send() needs the data to send.');
    shell.send(data);
  },
  close(code: number | undefined = undefined, reason: string | undefined = undefined) {
    shellOf(this).close(code, reason);
  },
  reconnect() {
    shellOf(this).reconnect();
  },
  async flushed(options?: { signal?: AbortSignal | undefined }) {
    const socket = this as unknown as Socket;
    const signal = toSignal(options);
    // The browser does not say when its buffer has emptied.
    for (let hasWaited = false; hasWaited || socket.bufferedAmount; ) {
      signal?.throwIfAborted();
      // What was queued has come to its end.
      if (socket.state === 'closed') throw shellOf(socket).closedError;
      if (!socket.bufferedAmount) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
      hasWaited = true;
    }
  },
  addEventListener(type: string, callback: EventListenerOrEventListenerObject | null, options = undefined) {
    // biome-ignore lint/complexity/noArguments: a listener may be null, but not missing.
    shellOf(this).add(arguments.length, this as unknown as EventTarget, type, callback, options);
  },
  removeEventListener(type: string, callback: EventListenerOrEventListenerObject | null, options = undefined) {
    // biome-ignore lint/complexity/noArguments: a listener may be null, but not missing.
    shellOf(this).remove(arguments.length, type, callback, options);
  },
  dispatchEvent(event: Event) {
    return shellOf(this).dispatch(event);
  },
};

/** An IDL attribute for the handler of an event. In a literal, so that its accessors get the names of WebIDL. */
const handlerOf = (type: string) => {
  const name = `on${type}`;
  return {
    get [name](): unknown {
      return shellOf(this).handlers.get(type)?.value ?? null;
    },
    set [name](value: unknown) {
      shellOf(this).handle(this as unknown as EventTarget, type, value);
    },
  };
};

/** What a part adds to a class: its members, the events that have handlers, and whether a socket has them. */
export interface Part {
  members: object;
  events?: string[];
  isIn: (socket: object) => boolean;
}

/** The class of an entry, or one of its `with`. */
type SocketClass = { prototype: object } & (new (...given: never[]) => object);

/** Gives a class its members. */
export const define = (Class: SocketClass, ...parts: Part[]) => {
  const types = [...EVENTS, ...parts.flatMap(({ events = [] }) => events)];
  // Enumeration shows what it shows of the browser's own class, and no more.
  const standard: object = globalThis.WebSocket?.prototype ?? {};
  for (const object of [...types.map(handlerOf), members, ...parts.map((part) => part.members)])
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object)))
      Object.defineProperty(Class.prototype, name, { ...descriptor, enumerable: name in standard });
  for (const [name, value] of Object.entries(CONSTANTS))
    for (const holder of [Class, Class.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
  // A minifier has taken it away.
  Object.defineProperty(Class, 'name', { value: 'Undrop', configurable: true });
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
  addWith(Class);
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, socket: object) {
      // A class that extends it asks for its own objects.
      return this === Class
        ? shells.has(socket) && parts.every(({ isIn }) => isIn(socket))
        : Function.prototype[Symbol.hasInstance].call(this, socket);
    },
  });
};

/**
 * Adds `with`, which returns a class like this one with options of its own. Like the browser's own class it extends
 * `EventTarget` and has all members on its own prototype.
 */
const addWith = (Class: SocketClass) => {
  const withDefaults = (defaults: object) => {
    class Configured extends EventTarget {
      // @ts-expect-error: what is returned stands for what `super` would have made.
      // biome-ignore lint/correctness/noUnreachableSuper: see above.
      constructor(_url: unknown, _protocols = [], options: object = {}) {
        // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
        const given: unknown[] = [...arguments];
        if (given.length && Object(options) === options) given[2] = { ...defaults, ...options };
        // biome-ignore lint/correctness/noConstructorReturn: see above.
        return Reflect.construct(Class, given, new.target);
      }
    }
    copy(Class.prototype, Configured.prototype, ['constructor']);
    copy(Class, Configured, ['prototype', 'with', Symbol.hasInstance]);
    addWith(Configured);
    return Configured;
  };
  Object.defineProperty(Class, 'with', { value: withDefaults });
};

/** Gives an object what another has of its own, but for these. */
const copy = (from: object, to: object, left: PropertyKey[]) => {
  for (const key of Reflect.ownKeys(from))
    if (!left.includes(key)) Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(from, key) ?? {});
};
