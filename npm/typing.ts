// The static types of typed messages. A page declares a map with a member for each type of message: the type of its data,
// or for a request a function from its data to the reply.

import type { UndropOptions } from './options.js';
import type { Issue, StandardSchema } from './schema.js';

export type AnyMessages = Record<string, unknown>;

export type Name<Messages> = keyof Messages & string;

/** The data of a message. */
export type Payload<Message> = [Message] extends [(...query: infer Query) => unknown] ? Query[0] : Message;

/** The data of the reply to a request. */
export type Reply<Message> = [Message] extends [(...query: never) => infer Answer] ? Awaited<Answer> : unknown;

/** Any type will do: the page has not said which there are. */
type Unnamed<Messages> = string extends keyof Messages ? true : false;

type IsRequest<Message> = [Message] extends [(...query: never) => unknown] ? true : false;

/** The replies to the requests, by their types. */
export type RepliesOf<Out> =
  Unnamed<Out> extends true
    ? Record<string, unknown>
    : { [Type in keyof Out as IsRequest<Out[Type]> extends true ? Type : never]: Reply<Out[Type]> };

/** The types that are sent and not answered. */
export type Emitted<Out, Replies> =
  Unnamed<Out> extends true
    ? string
    : {
        [Type in Name<Out>]: Type extends keyof Replies
          ? string extends keyof Replies
            ? Type
            : never
          : IsRequest<Out[Type]> extends true
            ? never
            : Type;
      }[Name<Out>];

/** The types, one by one: the compiler lists them where it reports one that is not among them. */
export type Named<Messages> =
  Unnamed<Messages> extends true ? Name<Messages> : { [Type in Name<Messages>]: Type }[Name<Messages>];

type PayloadOf<Out, Type> = Type extends keyof Out ? Payload<Out[Type]> : undefined;

/** The arguments that pass the data. Data that may be undefined may be omitted. */
export type Data<Out, Type> =
  undefined extends PayloadOf<Out, Type> ? [data?: PayloadOf<Out, Type>] : [data: PayloadOf<Out, Type>];

/** The arguments of a request after its type. Without data, a signal may take its place. */
export type Query<Out, Type> = [PayloadOf<Out, Type>] extends [undefined]
  ? [data?: AbortSignal | undefined, options?: Waiting | AbortSignal]
  : [...Data<Out, Type>, options?: Waiting | AbortSignal];

/** The messages that arrive; `binary` stands for frames that are not text, unless there is a codec. */
export type Incoming<In> = 'binary' extends keyof In ? In : In & { binary: ArrayBuffer | Blob };

type Each<In> = { [Type in Name<In>]: [data: Payload<In[Type]>, type: Type] }[Name<In>];

export type Handler<In, Type> = Type extends '*'
  ? (...message: Each<In>) => unknown
  : Type extends keyof In
    ? (data: Payload<In[Type]>, type: Type) => unknown
    : never;

/** The values of an iterator of messages. */
export type Arrived<In, Type> = Type extends '*'
  ? { [Each in Name<In>]: { type: Each; data: Payload<In[Each]> } }[Name<In>]
  : Type extends keyof In
    ? Payload<In[Type]>
    : never;

/**
 * Where the type, the data and the id of a message are: names of an object's properties, or indices of an array.
 * Default: an object `{ type, data, id }`. With `data: false` the message itself is the data.
 */
export interface Envelope {
  type?: string | number;
  data?: string | number | false;
  id?: string | number;
  /** The type of a reply. Default: `'reply'`. */
  reply?: string;
  /** The type of a reply that is an error. Default: `'error'`. */
  error?: string;
}

/** A format other than JSON. */
export interface Codec {
  encode(message: unknown): string | ArrayBufferLike | ArrayBufferView | Blob;
  /** Gets a text frame as a string, and a binary frame as an ArrayBuffer. */
  decode(data: string & ArrayBuffer): unknown;
}

/** The schemas that check the data of each type, and may transform it. */
export interface Schemas<In, Out, Replies = RepliesOf<Out>> {
  incoming?: { readonly [Type in keyof In]?: StandardSchema<unknown, Payload<In[Type]>> };
  outgoing?: { readonly [Type in keyof Out]?: StandardSchema<Payload<Out[Type]>, unknown> };
  /** For the data of the replies to each request. A reply that does not fit rejects the request, with a TypeError. */
  replies?: { readonly [Type in keyof Replies]?: StandardSchema<unknown, Replies[Type]> };
}

export interface MessageOptions<In, Out, Replies = RepliesOf<Out>> extends UndropOptions {
  envelope?: Envelope;
  codec?: Codec;
  schemas?: Schemas<In, Out, Replies>;
  /**
   * How long a request waits for its reply, in milliseconds, unless it has a `timeout` of its own. `Infinity`: no limit.
   *
   * @default 30000
   */
  requestTimeout?: number;
}

export interface Listening {
  once?: boolean;
  signal?: AbortSignal;
}

export interface Waiting {
  /**
   * Milliseconds after which the promise rejects with a TimeoutError. Default: for a request `requestTimeout`, else no
   * limit.
   */
  timeout?: number;
  signal?: AbortSignal;
}

/** The peer answered a request with an error. */
export interface ReplyError extends Error {
  readonly name: 'ReplyError';
  /** The data of the answer. */
  readonly data: unknown;
}

/** A message is invalid. It reaches no handler. After `preventDefault()` the console does not warn of it. */
export interface InvalidEvent extends MessageEvent<unknown> {
  /**
   * - `parse`: the codec, or JSON if there is none, can't decode it;
   * - `envelope`: it has no type;
   * - `schema`: its data does not fit the schema of its type;
   * - `outgoing`: it was to be sent, and its data does not fit an asynchronous schema.
   */
  readonly reason: 'parse' | 'envelope' | 'schema' | 'outgoing';
  readonly messageType: string | undefined;
  readonly issues: readonly Issue[];
}
