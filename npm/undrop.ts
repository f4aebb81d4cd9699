import { admits, close, get, reconnect } from '#wasm';
import { CAUSES, Carrier, EVENTS, type Fate, sizeOf } from './carrier.js';
import type { DropEvent, Events, LostEvent } from './events.js';
import type { Mailbox } from './mailbox.js';
import type { Cause, UndropOptions } from './options.js';
import { ready } from './ready.js';

/** A value, or a function that returns or promises it at each dial: a fresh token, another server. */
export type Given<T> = T | (() => T | Promise<T>);

/**
 * Where the line stands. While it is down `readyState` is `CONNECTING`: `connecting` while it is dialled, `waiting` until
 * it is dialled again, `offline` as long as the browser knows of no network either.
 */
export type State = 'connecting' | 'open' | 'waiting' | 'offline' | 'closing' | 'closed';

/** Counts since the socket was made. */
export interface Stats {
  dials: number;
  opens: number;
  drops: Record<Cause, number>;
  messagesIn: number;
  messagesOut: number;
  /** Text counts by its length. */
  bytesIn: number;
  bytesOut: number;
  /** Milliseconds from a heartbeat to its reply; 0 as long as there was none. */
  roundTrip: { last: number; min: number; mean: number };
}

/** `this` is typed as in the standard, so that an `Undrop` can be handed to whatever takes a `WebSocket`. */
type Handler<E extends Event> = ((this: WebSocket, event: E) => unknown) | null;

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const STATES: State[] = ['connecting', 'open', 'waiting', 'offline', 'closing', 'closed'];
const READY_STATES = [0, 1, 0, 0, 2, 3] as const;
/** What `STATES` has, by `readyState`. */
const PLAIN_STATES = [0, 1, 4, 5] as const;
/** What `get` is asked for: these, the counts as `stats` has them, and the drops. */
const enum Got {
  State,
  Queued,
}

/** Why a message can't wait, as in `src/export/line.rs`. */
export const enum Refusal {
  NotOpen = 1,
  Full,
  Closed,
}

/** Says so. */
export const refuse = (refusal: number): never => {
  if (refusal === Refusal.NotOpen)
    throw new DOMException('Undrop: the line is down, and there is no queue.', 'InvalidStateError');
  if (refusal === Refusal.Full)
    throw new DOMException(
      SESSION
        ? 'Undrop: too much waits, or is on its way. Send less, or raise the limits.'
        : 'Undrop: the queue is full. Wait for flushed(), or raise its limits.',
      'QuotaExceededError',
    );
  throw new DOMException('Undrop: it is over.', 'InvalidStateError');
};

export const call = <T>(given: Given<T>) => (typeof given === 'function' ? (given as () => T | Promise<T>)() : given);

/** What waits is what it was when it was sent. By their tags, since those of another frame are of another class. */
export const keep = (data: unknown): ArrayBuffer | Blob | string => {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  if (tag === 'ArrayBuffer') return (data as ArrayBuffer).slice(0);
  return tag === 'Blob' || tag === 'File' ? (data as Blob) : `${data}`;
};

const encoder = /* @__PURE__ */ new TextEncoder();

/** As the standard's conversions have it, whose result the browser will find unchanged. */
const parseUrl = (given: unknown): string => `${given}`;

/** The standard's `optional (DOMString or sequence<DOMString>) protocols`. */
export const parseProtocols = (given: unknown): string[] => {
  const iterate = Object(given) === given ? (given as Iterable<unknown>)[Symbol.iterator] : null;
  if (iterate == null) return [`${given}`];
  const iterator = iterate.call(given);
  const { next } = iterator;
  // In an iterator without `return`: the standard does not close it when a conversion throws.
  return Array.from({ [Symbol.iterator]: () => ({ next: next.bind(iterator) }) }, (one) => `${one}`);
};

/** What an entry with more in it reaches of a socket. */
export interface Inside {
  /** Where a session is kept. */
  readonly mailbox: Mailbox | undefined;
  /** Is given what each message of the page's holds, before the page's listeners. */
  tap: ((data: unknown) => void) | undefined;
  /**
   * Sends. If it has to wait, the answer takes it back, and `told` hears what else becomes of it. Throws what `send`
   * throws, and if it is over.
   */
  post(data: string | ArrayBufferLike | Blob | ArrayBufferView, told: (fate: Fate) => void): (() => void) | undefined;
}

export let inside: (socket: Undrop) => Inside;

/**
 * A drop-in for the browser's `WebSocket`: the same constructor, properties, methods and events.
 *
 * ```js
 * const socket = new Undrop('wss://example.org/room');
 * socket.onmessage = (event) => console.log(event.data);
 * ```
 */
export class Undrop extends EventTarget implements WebSocket {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;

  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  declare onopen: Handler<Event>;
  declare onerror: Handler<Event>;
  declare onclose: Handler<CloseEvent>;
  declare onmessage: Handler<MessageEvent>;

  declare ondrop: Handler<DropEvent>;
  declare onlost: Handler<LostEvent>;
  declare onstatechange: Handler<Event>;

  readonly #carrier: Carrier;
  readonly #handlers = new Map<string, { value: object; listener: EventListener }>();
  /** Without `retry`. */
  readonly #isPlain: boolean;
  /** Bytes that were sent after the end. */
  #discarded = 0;

  /**
   * @param url - Absolute, or relative to the page; `http:` and `https:` mean `ws:` and `wss:`.
   * @param protocols - The subprotocols to offer, the most wanted first.
   * @throws SyntaxError (DOMException) when the URL or a subprotocol can't be one.
   */
  constructor(url: Given<string | URL>, protocols: Given<string | Iterable<string>> = [], options: UndropOptions = {}) {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
    if (!arguments.length) throw new TypeError('Undrop needs the URL to connect to.');
    const source =
      typeof url === 'function' || typeof protocols === 'function'
        ? { find: async () => [parseUrl(await call(url)), parseProtocols(await call(protocols))] }
        : { url: parseUrl(url), protocols: parseProtocols(protocols) };
    const { retry, signal } = options;
    signal?.throwIfAborted();
    this.#isPlain = retry === false;
    ready();
    this.#carrier = new Carrier(this, source, options);
    signal?.addEventListener('abort', () => this.close());
  }

  /** The URL as the browser resolved it. */
  get url(): string {
    return this.#carrier.socket.url;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    const { socket } = this.#carrier;
    const state = this.#get(Got.State);
    // The browser knows first when the other end closes; and without `retry` it is right in everything.
    return (this.#isPlain || STATES[state] === 'open' ? socket.readyState : READY_STATES[state]) as 0;
  }

  /** Where the line stands. `statechange` tells when that changes. */
  get state(): State {
    // Without `retry` the browser is right here too: Chromium does not say that the address was blocked.
    return STATES[this.#isPlain ? PLAIN_STATES[this.readyState] : this.#get(Got.State)] as State;
  }

  /** Bytes that `send` took and the network did not yet. */
  get bufferedAmount(): number {
    const { readyState } = this;
    // What the last socket had not sent is no longer on its way.
    const sending = readyState ? this.#carrier.socket.bufferedAmount : 0;
    return sending + this.#get(Got.Queued) + this.#discarded;
  }

  /** Counts for a status page. */
  get stats(): Stats {
    let index: number = Got.Queued;
    const count = <Name extends string>(names: Name[]) =>
      Object.fromEntries(names.map((name) => [name, this.#get(++index)])) as Record<Name, number>;
    const counts = count(['dials', 'opens', 'messagesIn', 'messagesOut', 'bytesIn', 'bytesOut']);
    const { trips, last, min, sum } = count(['trips', 'last', 'min', 'sum']);
    const stats = { ...counts, drops: count(CAUSES), roundTrip: { last, min, mean: sum / (trips || 1) } };
    return SESSION ? Object.assign(stats, { unacknowledged: this.#carrier.mailbox?.unacknowledged ?? 0 }) : stats;
  }

  get extensions(): string {
    return this.#carrier.socket.extensions;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    const { mailbox, socket } = this.#carrier;
    return (SESSION && mailbox ? mailbox : socket).protocol;
  }

  /** The class of a binary message's `data`. */
  get binaryType(): BinaryType {
    return this.#carrier.socket.binaryType;
  }
  set binaryType(type: BinaryType) {
    this.#carrier.socket.binaryType = type;
  }

  /**
   * @throws InvalidAccessError (DOMException) when the code is neither 1000 nor in 3000-4999.
   * @throws SyntaxError (DOMException) when the reason is longer than 123 bytes of UTF-8.
   */
  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    // The browser checks the arguments, whatever has become of its socket.
    (SESSION && this.#carrier.mailbox ? this.#carrier.mailbox : this.#carrier.socket).close(code, reason);
    close(this.#carrier.line, this.#carrier.isLive);
  }

  /** Dials now, whatever the line is doing, also after the end. A dial that is under way goes on. */
  reconnect(): void {
    this.#carrier.revive();
    reconnect(this.#carrier.line);
  }

  /**
   * Sends now, or when the line is back.
   *
   * @throws InvalidStateError (DOMException) while the line is down and nothing may wait.
   * @throws QuotaExceededError (DOMException) when too much waits already.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    // biome-ignore lint/complexity/noArguments: `send(undefined)` sends a word, `send()` is a mistake.
    if (!arguments.length) throw new TypeError('Undrop: send() needs the data to send.');
    this.#post(data);
  }

  /** Resolves when all that was sent has left. Rejects when it is over, or when the signal is aborted. */
  async flushed({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    // The browser does not say when its buffer has emptied.
    for (let waited = false; waited || this.bufferedAmount; ) {
      signal?.throwIfAborted();
      // What had waited has come back to the page.
      if (this.state === 'closed') refuse(Refusal.Closed);
      if (!this.bufferedAmount) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
      waited = true;
    }
  }

  override addEventListener<K extends keyof Events>(
    type: K,
    callback: (this: Undrop, event: Events[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options: boolean | AddEventListenerOptions | undefined = undefined,
  ): void {
    // biome-ignore lint/complexity/noArguments: a listener may be null, but not missing.
    this.#carrier.add(arguments.length, this, type, callback, options);
  }

  override removeEventListener<K extends keyof Events>(
    type: K,
    callback: (this: Undrop, event: Events[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options: boolean | EventListenerOptions | undefined = undefined,
  ): void {
    // biome-ignore lint/complexity/noArguments: a listener may be null, but not missing.
    this.#carrier.remove(arguments.length, type, callback, options);
  }

  override dispatchEvent(event: Event): boolean {
    return this.#carrier.dispatch(event);
  }

  static {
    for (const type of [...EVENTS, 'message', 'drop', 'lost']) {
      const name = `on${type}`;
      // An object literal, since its accessors get the names that WebIDL gives them.
      const accessor = {
        get [name](): unknown {
          return (this as unknown as Undrop).#handlers.get(type)?.value ?? null;
        },
        set [name](value: unknown) {
          (this as unknown as Undrop).#handle(type, value);
        },
      };
      Object.defineProperty(Undrop.prototype, name, Object.getOwnPropertyDescriptor(accessor, name) ?? {});
    }
    // Enumeration shows what it shows of the browser's own class, and no more.
    const standard: object = globalThis.WebSocket?.prototype ?? {};
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Undrop.prototype)))
      if (name !== 'constructor')
        Object.defineProperty(Undrop.prototype, name, { ...descriptor, enumerable: name in standard });
    for (const [name, value] of Object.entries(CONSTANTS))
      for (const holder of [Undrop, Undrop.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
    inside = (socket) => ({
      mailbox: socket.#carrier.mailbox,
      set tap(tap: Inside['tap']) {
        socket.#carrier.tap = tap;
      },
      post: (data, told) => socket.#post(data, told),
    });
    // A minifier has taken it away.
    Object.defineProperty(Undrop, 'name', { value: 'Undrop' });
    Object.defineProperty(Undrop.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
  }

  #get(index: number) {
    return get(this.#carrier.line, index);
  }

  /** See `Inside`. */
  #post(data: string | ArrayBufferLike | Blob | ArrayBufferView, told?: (fate: Fate) => void) {
    const { line, socket, mailbox } = this.#carrier;
    const keepsSession = SESSION && mailbox;
    if (!keepsSession && admits(line, socket.readyState, sizeOf(data))) {
      socket.send(data as string);
      return;
    }
    const kept = keep(data);
    // Over a session nothing is encoded that leaves at once.
    const bytes = sizeOf(typeof kept === 'string' && !keepsSession ? encoder.encode(kept) : kept);
    const waits = keepsSession ? keepsSession.wait(kept, bytes, told) : this.#carrier.wait(kept, bytes, told);
    if (typeof waits === 'function') return waits;
    if (told || waits !== Refusal.Closed) refuse(waits);
    this.#discarded += bytes;
    return;
  }

  /** https://html.spec.whatwg.org/#event-handler-idl-attributes: a handler keeps its place among the listeners. */
  #handle(type: string, value: unknown) {
    const handler = this.#handlers.get(type);
    if (Object(value) !== value) {
      if (handler) this.#carrier.remove(2, type, handler.listener);
      this.#handlers.delete(type);
    } else if (handler) {
      handler.value = value as object;
    } else {
      const added = {
        value: value as object,
        listener: (event: Event) => {
          if (typeof added.value === 'function' && added.value.call(this, event) === false) event.preventDefault();
        },
      };
      this.#handlers.set(type, added);
      this.#carrier.add(2, this, type, added.listener);
    }
  }
}
