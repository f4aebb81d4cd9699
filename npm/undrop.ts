import { Line } from '#wasm';
import { Carrier } from './carrier.js';
import { ready } from './ready.js';

/** What a line may be asked to do beyond the standard. */
export interface UndropOptions {
  /** `false`: a lost line stays lost, as the browser's own class has it. */
  retry?: false;
}

/** `this` is typed as in the standard, so that an `Undrop` can be handed to whatever takes a `WebSocket`. */
type Handler<E extends Event> = ((this: WebSocket, event: E) => unknown) | null;

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const HANDLERS = ['onopen', 'onerror', 'onclose', 'onmessage'];

/** The standard's `optional (DOMString or sequence<DOMString>) protocols`. */
const parseProtocols = (given: unknown): string[] => {
  const iterate = Object(given) === given ? (given as Iterable<unknown>)[Symbol.iterator] : null;
  return iterate == null
    ? [`${given}`]
    : Array.from({ [Symbol.iterator]: () => iterate.call(given) }, (one) => `${one}`);
};

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

  readonly #carrier = new Carrier();
  readonly #line: Line;
  readonly #handlers = new Map<string, { value: object; listener: EventListener }>();

  /**
   * @param url - Absolute, or relative to the page; `http:` and `https:` mean `ws:` and `wss:`.
   * @param protocols - The subprotocols to offer, the most wanted first.
   * @throws SyntaxError (DOMException) when the URL or a subprotocol can't be one.
   */
  constructor(url: string | URL, protocols: string | Iterable<string> = [], _options: UndropOptions = {}) {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
    if (!arguments.length) throw new TypeError("Failed to construct 'Undrop': it needs the URL to connect to.");
    const address = `${url}`;
    const offered = parseProtocols(protocols);
    ready();
    this.#line = new Line(this.#carrier, address, offered);
  }

  /** The URL as the browser resolved it. */
  get url(): string {
    return this.#carrier.socket.url;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#line.readyState() as 0 | 1 | 2 | 3;
  }

  /** Bytes that `send` took and the network did not yet. */
  get bufferedAmount(): number {
    return this.#carrier.socket.bufferedAmount;
  }

  get extensions(): string {
    return this.#carrier.socket.extensions;
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#carrier.socket.protocol;
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
    this.#line.close(code, reason);
  }

  /** @throws InvalidStateError (DOMException) while the line is being dialled. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    const { socket } = this.#carrier;
    // biome-ignore lint/complexity/noArguments: `send(undefined)` sends a word, `send()` is a mistake.
    if (!arguments.length) throw new TypeError("Failed to execute 'send' on 'Undrop': it needs the data to send.");
    socket.send(data as string);
  }

  override addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    callback: (this: Undrop, event: WebSocketEventMap[K]) => unknown,
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
    this.#carrier.add(this, type, callback, options);
  }

  override removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    callback: (this: Undrop, event: WebSocketEventMap[K]) => unknown,
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
    this.#carrier.remove(type, callback, options);
  }

  override dispatchEvent(event: Event): boolean {
    return this.#carrier.dispatch(this, event);
  }

  static {
    for (const name of HANDLERS) {
      const type = name.slice(2);
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
    for (const [name, value] of Object.entries(CONSTANTS))
      for (const holder of [Undrop, Undrop.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Undrop.prototype)))
      if (name !== 'constructor') Object.defineProperty(Undrop.prototype, name, { ...descriptor, enumerable: true });
    Object.defineProperty(Undrop.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
  }

  /** https://html.spec.whatwg.org/#event-handler-idl-attributes: a handler keeps its place among the listeners. */
  #handle(type: string, value: unknown) {
    const handler = this.#handlers.get(type);
    if (Object(value) !== value) {
      if (handler) this.#carrier.remove(type, handler.listener);
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
      this.#carrier.add(this, type, added.listener);
    }
  }
}
