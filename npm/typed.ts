import { Registry } from '../src/messages/registry.js';
import type { Events } from './events.js';
import { type Collecting, collect, readable, writable } from './streams.js';
import type {
  AnyMessages,
  Arrived,
  Data,
  Handler,
  Incoming,
  InvalidEvent,
  Listening,
  MessageOptions,
  Name,
  Payload,
  Reply,
  Waiting,
} from './typing.js';
import { Undrop as Base, type Given, inside, Refusal, refuse, type Stats } from './undrop.js';

export interface MessageStats extends Stats {
  /** Messages of a type that nobody had asked for. Nothing is counted as long as nobody asks for any. */
  unhandled: number;
  /** Messages that were not what they should be. */
  invalid: number;
}

/** What became of a message that was not sent. */
const DESCRIPTIONS: Record<string, string> = {
  expired: 'it waited longer than it was to live',
  overflow: 'it made room for a newer one',
  closed: 'it is over',
  unsent: 'its session ended before it left',
  unconfirmed: 'its session ended before the server said that it has it; it may have arrived',
};

type Callback<This, E extends Event> = (this: This, event: E) => unknown;

/**
 * The same socket, with typed messages. `In` has the types that arrive, `Out` those that leave.
 *
 * ```ts
 * type In = { chat: { from: string; text: string } };
 * type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };
 *
 * const socket = new Undrop<In, Out>('wss://example.org/room');
 * socket.on('chat', ({ from, text }) => console.log(from, text));
 * socket.emit('say', { text: 'hello' });
 * const lines = await socket.request('history', { limit: 50 }, { timeout: 5_000 });
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface below only says what more an inherited method hears.
export class Undrop<In extends object = AnyMessages, Out extends object = AnyMessages> extends Base {
  readonly #messages: Registry;

  /** @throws TypeError when the envelope, the codec or a schema can't be one. */
  constructor(
    ...given: [
      url: Given<string | URL>,
      protocols?: Given<string | Iterable<string>>,
      options?: MessageOptions<In, Out>,
    ]
  ) {
    const options = given[2] ?? {};
    let warned = false;
    // Before it dials, for the options may be wrong.
    const messages = new Registry(options, {
      post: (frame, told) => {
        if (told) return line.post(frame, told);
        // What never leaves comes back with `lost`, as from `send`; but that is silent when it is over.
        if (this.state.startsWith('clos')) refuse(Refusal.Closed);
        this.send(frame);
        return;
      },
      invalid: ({ data, ...more }) => {
        const event = Object.assign(new MessageEvent('invalid', { data, cancelable: true }), more);
        if (!this.dispatchEvent(event) || warned) return;
        warned = true;
        console.warn(
          `Undrop: a message is not valid (${more.reason}). Listen for 'invalid' to learn of each.`,
          more.issues,
        );
      },
      listen: (active) => {
        line.tap = active ? (data) => messages.receive(data) : undefined;
        const change = active ? 'addEventListener' : 'removeEventListener';
        // What was asked over a session is answered over any of its lines, and not over the next session.
        this[change](SESSION && line.mailbox ? 'open' : 'drop', dropped);
        this[change]('close', closed);
      },
      describe: (outcome) => DESCRIPTIONS[outcome] ?? `it is ${outcome}`,
    });
    const dropped = () => messages.dropped();
    const closed = () => messages.closed();
    super(...given);
    const line = inside(this);
    this.#messages = messages;
    if (options.codec) this.binaryType = 'arraybuffer';
  }

  /** Calls the handler for each message of the type; `*` are all. Returns what undoes that. */
  on<Type extends Name<Incoming<In>> | '*'>(
    type: Type,
    handler: Handler<Incoming<In>, NoInfer<Type>>,
    options?: Listening,
  ): () => void {
    return this.#messages.on(type, handler, options);
  }

  /** The same for the next message alone. */
  once<Type extends Name<Incoming<In>> | '*'>(
    type: Type,
    handler: Handler<Incoming<In>, NoInfer<Type>>,
    options?: Listening,
  ): () => void {
    return this.#messages.on(type, handler, { ...options, once: true });
  }

  off<Type extends Name<Incoming<In>> | '*'>(type: Type, handler: Handler<Incoming<In>, NoInfer<Type>>): void {
    this.#messages.off(type, handler);
  }

  /** What the next message of the type holds. Rejects when it is over. */
  next<Type extends Name<Incoming<In>>>(type: Type, options?: Waiting): Promise<Payload<Incoming<In>[Type]>> {
    return this.#unlessOver(this.#messages.next(type, options)) as Promise<Payload<Incoming<In>[Type]>>;
  }

  /**
   * Sends a message, now or when the line is back.
   *
   * @throws TypeError when the data does not fit its schema. And what `send` throws, and when it is over.
   */
  emit<Type extends Name<Out>>(type: Type, ...data: Data<Out[Type]>): void {
    this.#messages.emit(type, data[0]);
  }

  /**
   * Sends a message and waits for the reply.
   *
   * Rejects with a ReplyError when the reply is an error, and with a DOMException: TimeoutError, NetworkError when the
   * line was lost after it had left, QuotaExceededError when the queue is full, InvalidStateError when it is over.
   */
  request<Type extends Name<Out>>(
    type: Type,
    ...given: [...Data<Out[Type]>, options?: Waiting]
  ): Promise<Reply<Out[Type]>> {
    return this.#messages.request(type, given[0], given[1] as Waiting) as Promise<Reply<Out[Type]>>;
  }

  /** Answers the requests of the type. Only one can do that. Returns what undoes it. */
  handle<Type extends Name<In>>(
    type: Type,
    answer: (data: Payload<In[Type]>, type: Type) => Reply<In[Type]> | Promise<Reply<In[Type]>>,
  ): () => void {
    return this.#messages.handle(type, answer);
  }

  /**
   * The messages from now on: of one type what they hold, or of all types `{ type, data }`. Ends when it is over; throws
   * when the reader is too slow.
   */
  messages<Type extends Name<Incoming<In>> | '*' = '*'>(
    type: Type = '*' as Type,
    options?: Collecting,
  ): AsyncIterableIterator<Arrived<Incoming<In>, Type>> {
    const arrived = collect((put: (value: unknown) => void, end) => {
      const undo = this.#messages.on(
        type,
        type === '*' ? (data: unknown, type: unknown) => put({ type, data }) : (data: unknown) => put(data),
      );
      const forget = this.#messages.onEnd(end);
      return () => {
        undo();
        forget();
      };
    }, options);
    return this.#unlessOver(arrived) as AsyncIterableIterator<Arrived<Incoming<In>, Type>>;
  }

  /** Nothing waits when it is over. */
  #unlessOver<Waits>(waits: Waits): Waits {
    if (this.state === 'closed') this.#messages.closed();
    return waits;
  }

  /** A new stream of what each message holds from now on, as `message` events have it. Fails when its reader is too slow. */
  get readable(): ReadableStream<unknown> {
    return readable(this);
  }

  /**
   * A new stream that sends each chunk as a message, at the pace of the network. To close it waits for what was sent to
   * leave, and leaves the socket open.
   */
  get writable(): WritableStream<string | ArrayBuffer | ArrayBufferView | Blob> {
    return writable(this);
  }

  override get stats(): MessageStats {
    const { unhandled, invalid } = this.#messages;
    return { ...super.stats, unhandled, invalid };
  }

  static {
    // A minifier has taken it away.
    Object.defineProperty(Undrop, 'name', { value: 'Undrop' });
  }
}

export interface Undrop<In, Out> {
  addEventListener<K extends keyof (Events & { invalid: InvalidEvent })>(
    type: K,
    callback: Callback<Undrop<In, Out>, (Events & { invalid: InvalidEvent })[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
