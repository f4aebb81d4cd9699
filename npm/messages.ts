import * as core from '#wasm/plain';
import bytes from '#wasm/plain/bytes';
import type { Given } from './conversions.js';
import type { AnyMessages, RepliesOf } from './description.js';
import { ready } from './ready.js';
import { type AddListener, begin, define, type RemoveListener, type Socket } from './socket.js';
import {
  type MessageEvents,
  type MessageStats,
  type TypedMessages,
  typedMessages,
  withRegistry,
} from './typed-messages.js';
import type { MessageOptions } from './typing.js';

const load = ready(core, () => new WebAssembly.Module(bytes()));

/**
 * The same socket, with typed messages. `In` has the types of messages that arrive, `Out` those that are sent.
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
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: `define` adds what the interface says.
export class Undrop<
  In extends object = AnyMessages,
  Out extends object = AnyMessages,
  Replies = RepliesOf<Out>,
> extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;

  /**
   * Returns a class like this one, for what makes its sockets itself and passes no options: these are the options of each
   * socket, unless its constructor is given others. They are not merged: a `heartbeat` replaces the other one.
   *
   * ```js
   * const Chat = Undrop.with<In, Out>({ heartbeat: { message: '{"type":"ping"}' } });
   * ```
   */
  declare static readonly with: <
    In extends object = AnyMessages,
    Out extends object = AnyMessages,
    Replies = RepliesOf<Out>,
  >(
    defaults: MessageOptions<In, Out, Replies>,
  ) => typeof Undrop<In, Out, Replies>;

  /** @throws TypeError when an option, the envelope, the codec or a schema can't be one. */
  constructor(
    url: Given<string | URL>,
    protocols: Given<string | Iterable<string>> = [],
    options: MessageOptions<In, Out, Replies> = {},
  ) {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
    withRegistry(this, options, () => begin(this, load, arguments, url, protocols, options));
  }
}

export interface Undrop<In, Out, Replies>
  extends Omit<Socket, 'stats' | 'addEventListener' | 'removeEventListener'>,
    TypedMessages<In, Out, Replies> {
  readonly stats: MessageStats;
  addEventListener: AddListener<MessageEvents, Undrop<In, Out, Replies>>;
  removeEventListener: RemoveListener<MessageEvents, Undrop<In, Out, Replies>>;
}

define(Undrop, typedMessages);

export type * from './public-messages.js';
export type * from './public-plain.js';
export type { MessageOptions } from './typing.js';
export { Undrop as default };
