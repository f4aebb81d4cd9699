// Typed messages, which the entries `undrop/messages` and `undrop/all` add to a class.

import { exception } from '#native';
import { Registry } from '../src/messages/registry.js';
import type { AnyMessages, Data, Emitted, Name, Named, Payload, RepliesOf, Reply } from './description.js';
import type { Events } from './events.js';
import type { Shell } from './shell.js';
import { type Part, type Socket, type Stats, shellOf } from './socket.js';
import { type Collecting, collect, readable, writable } from './streams.js';
import type { Arrived, Handler, Incoming, InvalidEvent, Listening, MessageOptions, Query, Waiting } from './typing.js';

export interface MessageStats extends Stats {
  /** Messages of a type that nobody listens for. Nothing is counted as long as nobody listens for any. */
  unhandled: number;
  /** Messages that were not what they should be. */
  invalid: number;
}

/**
 * What typed messages add to a class. `In` has the types of messages that arrive, `Out` those that are sent, `Replies` what
 * the requests among these are answered.
 */
export interface TypedMessages<
  In extends object = AnyMessages,
  Out extends object = AnyMessages,
  Replies = RepliesOf<Out>,
> {
  /** Calls the handler for each message of the type; `*` stands for all. Returns what undoes it. */
  on<Type extends Named<Incoming<In>> | '*'>(
    type: Type,
    handler: Handler<Incoming<In>, NoInfer<Type>>,
    options?: Listening,
  ): () => void;

  /** Calls the handler for the next message of the type. */
  once<Type extends Named<Incoming<In>> | '*'>(
    type: Type,
    handler: Handler<Incoming<In>, NoInfer<Type>>,
    options?: Listening,
  ): () => void;

  off<Type extends Named<Incoming<In>> | '*'>(type: Type, handler: Handler<Incoming<In>, NoInfer<Type>>): void;

  /** Resolves with the data of the next message of the type. Rejects when the socket is closed. */
  next<Type extends Name<Incoming<In>>>(type: Type, options?: Waiting): Promise<Payload<Incoming<In>[Type]>>;

  /**
   * Sends a message, now or when the connection is open.
   *
   * @throws TypeError when the data does not fit its schema. And what `send` throws, and when the socket is closed.
   */
  emit<Type extends Emitted<Out, Replies>>(type: Type, ...data: Data<Out, Type>): void;

  /**
   * Sends a message and waits for the reply, for 30 s unless `timeout` or the option `requestTimeout` says otherwise. A
   * signal may stand for `{ signal }`, and for the data of a request that has none:
   * `request('time', AbortSignal.timeout(1_000))`.
   *
   * Rejects with a ReplyError when the reply is an error, and with a DOMException: TimeoutError, NetworkError when the
   * connection dropped after the request was sent, QuotaExceededError when the queue is full, InvalidStateError when the
   * socket is closed; with a TypeError when the data or the reply does not fit its schema.
   */
  request<Type extends Named<Replies>>(type: Type, ...given: Query<Out, Type>): Promise<Replies[Type & keyof Replies]>;

  /** Answers the requests of the type. Only one function can do that. Returns what undoes it. */
  handle<Type extends Name<In>>(
    type: Type,
    answer: (data: Payload<In[Type]>, type: Type) => Reply<In[Type]> | Promise<Reply<In[Type]>>,
  ): () => void;

  /**
   * The messages from now on: the data of one type, or `{ type, data }` of all types. Ends when the socket is closed;
   * throws when the reader is too slow.
   */
  messages<Type extends Named<Incoming<In>> | '*' = '*'>(
    type?: Type,
    options?: Collecting,
  ): AsyncIterableIterator<Arrived<Incoming<In>, Type>>;

  /** A new stream of the data of each message from now on, as `message` events have it. Fails when its reader is too slow. */
  readonly readable: ReadableStream<unknown>;

  /**
   * A new stream that sends each chunk as a message, at the pace of the network. Closing it waits until all that was sent
   * has left, and leaves the socket open.
   */
  readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView | Blob>;
}

/** What a socket with typed messages fires. */
export type MessageEvents<Base = Events> = Base & { invalid: InvalidEvent };

const registries = new WeakMap<object, Registry>();

const registryOf = (socket: object): Registry => {
  const registry = registries.get(socket);
  if (!registry) throw new TypeError('Illegal invocation');
  return registry;
};

/** Nothing is waited for once the socket is closed. */
const unlessClosed = <Waits>(socket: object, waits: Waits): Waits => {
  if ((socket as Socket).state === 'closed') registryOf(socket).closed();
  return waits;
};

/**
 * Makes the registry of a socket, of which `begin` makes the shell: the options of the messages are checked before the
 * first attempt.
 *
 * @internal
 */
export const withRegistry = <In, Out, Replies>(
  socket: EventTarget & Pick<Socket, 'state' | 'binaryType'>,
  options: MessageOptions<In, Out, Replies>,
  begin: () => Shell,
): void => {
  let hasWarned = false;
  const registry = new Registry(Object(options), {
    post: (frame, settle) => {
      if (settle) {
        const number = shell.send(frame, settle);
        return number ? () => shell.withdraw(number) : undefined;
      }
      // A message that is never sent comes back with `lost`, but a closed socket says nothing of it.
      // `readyState` is `CLOSING` as well when the peer closes a connection that will be replaced.
      if (['closing', 'closed'].includes(socket.state)) throw shell.closedError;
      shell.send(frame);
      return;
    },
    invalid: ({ data, ...more }) => {
      const event = Object.assign(new MessageEvent('invalid', { data, cancelable: true }), more);
      if (!socket.dispatchEvent(event) || hasWarned) return;
      hasWarned = true;
      console.warn(`Undrop: a message is not valid (${more.reason}): listen for 'invalid'.`, more.issues);
    },
    listen: (active) => {
      shell.tap = active ? (data) => registry.receive(data) : undefined;
      const change = active ? 'addEventListener' : 'removeEventListener';
      // A request that was sent over a session is answered on any of its connections, and not in the next session.
      socket[change](shell.keepsSession ? 'open' : 'drop', dropped);
      socket[change]('close', closed);
    },
    describe: (outcome) => shell.describe(outcome),
    exception,
  });
  const dropped = () => registry.dropped();
  const closed = () => registry.closed();
  const shell = begin();
  registries.set(socket, registry);
  if (Object(options).codec) socket.binaryType = 'arraybuffer';
};

/** @internal */
export const typedMessages: Part = {
  isIn: (socket) => registries.has(socket),
  members: {
    on(type: string, handler: () => unknown, options?: Listening) {
      return registryOf(this).on(type, handler, options);
    },
    once(type: string, handler: () => unknown, options?: Listening) {
      return registryOf(this).on(type, handler, { ...options, once: true });
    },
    off(type: string, handler: () => unknown) {
      registryOf(this).off(type, handler);
    },
    next(type: string, options?: Waiting) {
      return unlessClosed(this, registryOf(this).next(type, options));
    },
    emit(type: string, data?: unknown) {
      registryOf(this).emit(type, data);
    },
    request(type: string, data?: unknown, options?: Waiting | AbortSignal) {
      return registryOf(this).request(type, data, options);
    },
    handle(type: string, answer: () => unknown) {
      return registryOf(this).handle(type, answer);
    },
    messages(type = '*', options?: Collecting) {
      const registry = registryOf(this);
      const arrived = collect(
        (put: (value: unknown) => void, end) => {
          const undo = registry.on(
            type,
            type === '*' ? (data: unknown, type: unknown) => put({ type, data }) : (data: unknown) => put(data),
          );
          const forget = registry.onEnd(end);
          return () => {
            undo();
            forget();
          };
        },
        options,
        type,
      );
      return unlessClosed(this, arrived);
    },
    get readable() {
      return readable(this as unknown as Socket);
    },
    get writable() {
      return writable(this as unknown as Socket);
    },
    get stats() {
      const { unhandled, invalid } = registryOf(this);
      const { core, id } = shellOf(this);
      return { ...core.stats(id), unhandled, invalid };
    },
  },
};
