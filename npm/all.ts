import * as core from '#wasm/session';
import bytes from '#wasm/session/bytes';
import type { Given } from './conversions.js';
import type { AnyMessages, RepliesOf } from './description.js';
import type { SessionEvents } from './events.js';
import type { SessionOptions, UndropOptions } from './options.js';
import { ready } from './ready.js';
import { type SessionStats, type Sessions, sessions } from './sessions.js';
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

/** What both `undrop/messages` and `undrop/session` take. */
export type AllOptions<In, Out, Replies = RepliesOf<Out>> = SessionOptions &
  Omit<MessageOptions<In, Out, Replies>, keyof UndropOptions>;

/**
 * Everything: typed messages, and with `resume` sessions, in which nothing is lost.
 *
 * ```ts
 * type In = { chat: { from: string; text: string } };
 * type Out = { say: { text: string } };
 *
 * const socket = new Undrop<In, Out>('wss://example.org/room', [], { resume: true });
 * socket.on('chat', ({ from, text }) => console.log(from, text));
 * socket.emit('say', { text: 'this arrives exactly once' });
 * ```
 *
 * Over a session a request outlives the connection that it was sent on: it fails only when its session is lost.
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
    defaults: AllOptions<In, Out, Replies>,
  ) => typeof Undrop<In, Out, Replies>;

  /** @throws TypeError when an option, the envelope, the codec or a schema can't be one. */
  constructor(
    url: Given<string | URL>,
    protocols: Given<string | Iterable<string>> = [],
    options: AllOptions<In, Out, Replies> = {},
  ) {
    super();
    withRegistry(this, options as MessageOptions<In, Out, Replies>, () =>
      // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
      begin(this, load, arguments, url, protocols, options),
    );
  }
}

export interface Undrop<In, Out, Replies>
  extends Omit<Socket, 'stats' | 'onlost' | 'onerror' | 'addEventListener' | 'removeEventListener'>,
    TypedMessages<In, Out, Replies>,
    Sessions {
  readonly stats: MessageStats & SessionStats;
  addEventListener: AddListener<MessageEvents<SessionEvents>, Undrop<In, Out, Replies>>;
  removeEventListener: RemoveListener<MessageEvents<SessionEvents>, Undrop<In, Out, Replies>>;
}

define(Undrop, sessions, typedMessages);

export type * from './public-messages.js';
export type * from './public-sessions.js';
export { Undrop as default };
