// Typed messages: the server's end of `undrop/messages` and `undrop/all`.

import { checkNames, isPromise, issueOf, parseFormat, refusal, validate, wrong } from '../../src/messages/registry.js';
import type {
  AnyMessages,
  Codec,
  Data,
  Emitted,
  Envelope,
  Named,
  Payload,
  PayloadOf,
  RepliesOf,
} from '../description.js';
import type { Issue, StandardSchema } from '../schema.js';
import { aFunction, anything, checkOptions } from './checks.js';
import { describe, say } from './log.js';
import { isOver, type Received, type Sendable, type Session } from './session.js';

/** The client's schemas: `outgoing` has those of what the client sends. An end sends, and takes, what the schema returns. */
export interface SharedSchemas<In, Out, Replies = RepliesOf<Out>> {
  /** For what the server emits. These have to be synchronous. */
  incoming?: { readonly [Type in keyof In]?: StandardSchema<Payload<In[Type]>, unknown> } | undefined;
  /** For what the client emits and asks. */
  outgoing?: { readonly [Type in keyof Out]?: StandardSchema<unknown, Payload<Out[Type]>> } | undefined;
  /** For the replies. */
  replies?: { readonly [Type in keyof Replies]?: StandardSchema<Replies[Type], unknown> } | undefined;
}

/** The options of typed messages: `envelope`, `codec` and `schemas` are those that the client is given. */
export interface TypedOptions<In, Out, Replies = RepliesOf<Out>> {
  envelope?: Envelope | undefined;
  codec?: Codec | undefined;
  schemas?: SharedSchemas<In, Out, Replies> | undefined;
  /**
   * Told of each message that reaches no handler. It is committed all the same: it would be no better the next time. Default:
   * the first one is a warning in the log.
   */
  onInvalid?: ((invalid: Invalid, session: Session) => void) | undefined;
}

/** A message of a client that reaches no handler. */
export interface Invalid {
  /**
   * - `parse`: the codec, or JSON if there is none, can't decode it;
   * - `envelope`: it has no type;
   * - `type`: there is no handler for it; a request is answered with an error;
   * - `schema`: its data does not fit the schema of its type; a request is answered with an error that lists the issues.
   */
  readonly reason: 'parse' | 'envelope' | 'type' | 'schema';
  readonly messageType: string | undefined;
  readonly issues: readonly Issue[];
  /** The message, as it arrived. */
  readonly data: string | Uint8Array;
}

/**
 * What the handler of a request throws to have the client's `request` reject with this message and this data. Of any other
 * error the client is told nothing but that there was one.
 *
 * ```js
 * import { ReplyError } from 'undrop/server';
 *
 * throw new ReplyError('there is no such room', { room });
 * ```
 */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  /** What the client's `ReplyError` has as its `data`. */
  readonly data: { readonly message: string; readonly [name: string]: unknown };

  constructor(message: string, data: object = {}) {
    super(message);
    this.data = { ...data, message };
  }
}

/** The handlers of what the client emits, by type; `binary` is for frames that are not text, unless there is a codec. */
export type OnHandlers<In, Out, Replies = RepliesOf<Out>> = {
  [Type in Emitted<Out, Replies>]: (data: PayloadOf<Out, Type>, message: TypedReceived<In>) => unknown;
} & ('binary' extends keyof Out ? object : { binary?: (data: Uint8Array, message: TypedReceived<In>) => unknown });

/** The handlers of the client's requests, by type. What one returns is the reply. */
export type RequestHandlers<In, Out, Replies = RepliesOf<Out>> = {
  [Type in Named<Replies>]: (
    data: PayloadOf<Out, Type>,
    message: TypedReceived<In>,
  ) => Replies[Type & keyof Replies] | Promise<Replies[Type & keyof Replies]>;
};

type Optional<Name extends string, Table> = object extends Table
  ? { [_ in Name]?: Table | undefined }
  : { [_ in Name]: Table };

/** A handler for each type of what the client emits, and for each type of its requests. */
export type Handlers<In, Out, Replies = RepliesOf<Out>> = Optional<'on', OnHandlers<In, Out, Replies>> &
  Optional<'handle', RequestHandlers<In, Out, Replies>>;

/**
 * The typed messages of a client, as its server has them. `In` and `Out` are those of the client: what arrives there is sent
 * here. So are the options. Both ends can import them from one file.
 *
 * ```ts
 * import { TypedMessages } from 'undrop/server';
 *
 * const messages = new TypedMessages<In, Out>();
 *
 * sessions.serve(async (session) => {
 *   const client = messages.of(session);
 *   await client.serve({
 *     on: { say: ({ text }) => client.emit('chat', { from: 'you', text }) },
 *     handle: { history: ({ limit }) => lines.slice(-limit) },
 *   });
 * });
 * ```
 */
export class TypedMessages<
  In extends object = AnyMessages,
  Out extends object = AnyMessages,
  Replies = RepliesOf<Out>,
> {
  readonly #format: Format;
  readonly #onInvalid: OnInvalid;

  /** @throws TypeError when the envelope, the codec or a schema can't be one. */
  constructor(options: TypedOptions<In, Out, Replies> = {}) {
    checkOptions('the options of TypedMessages', OPTIONS, options);
    const { onInvalid = warnOnce() } = options;
    this.#format = parseFormat(options);
    this.#onInvalid = onInvalid;
  }

  /** A session with these messages. */
  of(session: Session): TypedSession<In, Out, Replies> {
    return new TypedSession(session, this.#format, this.#onInvalid);
  }

  /**
   * Returns a message as it is sent, for `sessions.sendTo`, or to send the same to many.
   *
   * @throws TypeError when the data does not fit its schema.
   */
  write<Type extends Emitted<In, RepliesOf<In>>>(type: Type, ...data: Data<In, Type>): Sendable {
    return written(this.#format, type, data[0]);
  }
}

const OPTIONS = {
  envelope: anything,
  codec: anything,
  schemas: anything,
  onInvalid: aFunction,
  // The client's, which may be given the same object.
  requestTimeout: anything,
};

/** A session whose messages have types. */
export class TypedSession<In extends object = AnyMessages, Out extends object = AnyMessages, Replies = RepliesOf<Out>> {
  /** The session: its user, its id, and how it ended. */
  readonly session: Session;
  readonly #format: Format;
  readonly #onInvalid: OnInvalid;

  /** @internal */
  constructor(session: Session, format: Format, onInvalid: OnInvalid) {
    this.session = session;
    this.#format = format;
    this.#onInvalid = onInvalid;
  }

  /**
   * Sends a message, as `session.send` does: it is stored, and arrives once and in order.
   *
   * @throws TypeError when the data does not fit its schema; SessionError: `full` or `over`.
   */
  emit<Type extends Emitted<In, RepliesOf<In>>>(type: Type, ...data: Data<In, Type>): void {
    this.session.send(written(this.#format, type, data[0]));
  }

  /**
   * Sends a message and waits until the client has it, as `session.deliver` does. It may be left without an `await`.
   *
   * @throws TypeError when the data does not fit its schema.
   */
  deliver<Type extends Emitted<In, RepliesOf<In>>>(type: Type, ...data: Data<In, Type>): Promise<void> {
    return this.session.deliver(written(this.#format, type, data[0]));
  }

  /**
   * Calls the handlers of what the client sends until the session is over: one at a time, in the order in which it was sent. A
   * message is committed when its handler has returned, or what that promises has come; its reply and what it emitted with
   * `message.emit` in the same step.
   *
   * A request whose handler throws is answered with an error. Where the handler of a message throws, nobody else would know: this
   * rejects, and the next handler of the session receives the message again.
   */
  async serve(handlers: Handlers<In, Out, Replies>): Promise<void> {
    const tables = parseHandlers(handlers as Partial<Tables>);
    for await (const received of this.session) {
      try {
        await received.commit(await this.#repliesTo(received, tables));
      } catch (error) {
        if (!isOver(error, this.session)) throw error;
        // What else has arrived is not committed by this handler. The session tells how it ended when there is nothing more.
        while (await this.session.next());
      }
    }
  }

  /** Has a message handled. Returns what is sent with its commit. */
  async #repliesTo(received: Received, { on, handle }: Tables): Promise<readonly Sendable[]> {
    const { misfit, outgoing, replies, reply, error, write } = this.#format;
    const { type, data, id: given, issues } = read(this.#format, received.message);
    if (issues || typeof type !== 'string') {
      this.#tell(received, issues ? 'parse' : 'envelope', issues ?? misfit);
      return [];
    }
    // Of a request. What answers something is not answered itself.
    const id = type === reply || type === error ? undefined : (given ?? undefined);
    const table = id === undefined ? on : handle;
    if (!Object.hasOwn(table, type)) {
      const message = `there is no such ${id === undefined ? 'message' : 'request'}`;
      this.#tell(received, 'type', [{ message }], type);
      return this.#errorTo(id, message);
    }
    const checked = await validate(outgoing, type, data);
    if (checked.issues) {
      this.#tell(received, 'schema', checked.issues, type);
      return this.#errorTo(id, refusal(type, checked.issues).message);
    }
    const message = new TypedReceived<In>(type, received, (type, data) => written(this.#format, type, data));
    try {
      const answer = await table[type]?.(checked.value, message);
      const emitted = message.end();
      if (id === undefined) return emitted;
      const fitting = await validate(replies, type, answer);
      if (fitting.issues) throw refusal(`the reply to ${type}`, fitting.issues);
      return [...emitted, write(reply, fitting.value, id) as Sendable];
    } catch (thrown) {
      message.end();
      return this.#fail(type, thrown, id);
    }
  }

  /** Tells of a message that reaches no handler. What is told of it must not end the session. */
  #tell({ message: data }: Received, reason: Invalid['reason'], issues: readonly Issue[], messageType?: string) {
    const tell = async () => this.#onInvalid({ reason, messageType, issues, data }, this.session);
    tell().catch((error) => say('error', `onInvalid has thrown: ${describe(error)}`));
  }

  /** Returns the error that answers a request; nothing where there is no request. */
  #errorTo(id: unknown, message: string): readonly Sendable[] {
    const { error, write } = this.#format;
    return id === undefined ? [] : [write(error, { message }, id) as Sendable];
  }

  /** A handler has thrown. Returns what answers its request. Throws where there is no request. */
  #fail(type: string, thrown: unknown, id: unknown): readonly Sendable[] {
    if (isOver(thrown, this.session)) throw thrown;
    if (id === undefined)
      throw new Error(`Undrop: the handler of ${type} has thrown: ${describe(thrown)}`, { cause: thrown });
    if (thrown instanceof ReplyError) {
      const { error, write } = this.#format;
      try {
        return [write(error, thrown.data, id) as Sendable];
      } catch (unsendable) {
        return this.#fail(type, unsendable, id);
      }
    }
    say('error', `session ${this.session.id}: the handler of ${type} has thrown: ${describe(thrown)}`);
    return this.#errorTo(id, FAILURE);
  }
}

/** All that a client is told of an error that is not meant for it. */
const FAILURE = 'the server failed';

/** A message whose handler runs. */
export class TypedReceived<In = AnyMessages> {
  /** Which of the session's messages it is, from 1. */
  readonly number: number;
  /** The id of the session. With the number it is the same whenever the message comes again. */
  readonly session: string;
  readonly #type: string;
  readonly #write: (type: string, data: unknown) => Sendable;
  #emitted: Sendable[] | undefined = [];

  /** @internal */
  constructor(type: string, { number, session }: Received, write: (type: string, data: unknown) => Sendable) {
    this.number = number;
    this.session = session;
    this.#type = type;
    this.#write = write;
  }

  /**
   * Sends a message to the client in the same step in which this one is committed: both or neither. If the handler throws, it is
   * not sent.
   *
   * @throws TypeError when the data does not fit its schema; an Error when the handler has ended.
   */
  emit<Type extends Emitted<In, RepliesOf<In>>>(type: Type, ...data: Data<In, Type>): void {
    if (!this.#emitted)
      throw new Error(`Undrop: the handler of ${this.#type} has ended: emit on the client, which sends at once`);
    this.#emitted.push(this.#write(type, data[0]));
  }

  /** The handler has ended. Returns what it has emitted. @internal */
  end(): readonly Sendable[] {
    const emitted = this.#emitted ?? [];
    this.#emitted = undefined;
    return emitted;
  }
}

type Format = ReturnType<typeof parseFormat>;

type OnInvalid = (invalid: Invalid, session: Session) => void;

type Table = Readonly<Record<string, (data: unknown, message: unknown) => unknown>>;

interface Tables {
  on: Table;
  handle: Table;
}

const parseHandlers = (given: Partial<Tables>): Tables => {
  checkNames('serve', given, ['on', 'handle']);
  const { on = {}, handle = {} } = given;
  for (const table of [on, handle])
    for (const [type, handler] of Object.entries(table))
      if (typeof handler !== 'function') throw wrong(`the handler of ${type} is a function, not ${typeof handler}`);
  return { on, handle };
};

/** What a frame holds, which may be anything, or why it can't be read. */
interface Parts {
  type?: unknown;
  data?: unknown;
  id?: unknown;
  issues?: readonly Issue[];
}

const read = ({ hasCodec, decode, typeAt, dataAt, idAt }: Format, frame: string | Uint8Array): Parts => {
  const isText = typeof frame === 'string';
  if (!isText && !hasCodec) return { type: 'binary', data: frame };
  try {
    // A codec is given what it is given in a page.
    const message = decode(isText ? frame : frame.buffer);
    return { type: message?.[typeAt], data: dataAt === false ? message : message?.[dataAt], id: message?.[idAt] };
  } catch (thrown) {
    return { issues: [issueOf(thrown)] };
  }
};

/** Returns what the client's schema of `incoming` makes of the data, in its envelope. */
const written = ({ incoming, write }: Format, type: string, data: unknown): Sendable => {
  const checked = validate(incoming, type, data);
  if (isPromise(checked))
    throw wrong(`the schema of ${type} is asynchronous, and a server sends at once: give it another one in incoming`);
  if (checked.issues) throw refusal(type, checked.issues);
  return write(type, checked.value) as Sendable;
};

/** Whatever a client sends, it must not fill the log. */
const warnOnce = (): OnInvalid => {
  let hasWarned = false;
  return ({ reason, messageType = '', issues }, session) => {
    if (hasWarned) return;
    hasWarned = true;
    const told = [messageType, issues[0]?.message].map((text) => JSON.stringify(text?.slice(0, 100))).join(': ');
    say(
      'warn',
      `session ${session.id} has sent an invalid message (${reason}): ${told}. onInvalid of TypedMessages is told of all`,
    );
  };
};
