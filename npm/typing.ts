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

/** The arguments that pass the data. Data that may be undefined may be omitted. */
export type Data<Message> = undefined extends Payload<Message> ? [data?: Payload<Message>] : [data: Payload<Message>];

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
export interface Schemas<In, Out> {
  incoming?: { readonly [Type in keyof In]?: StandardSchema<unknown, Payload<In[Type]>> };
  outgoing?: { readonly [Type in keyof Out]?: StandardSchema<Payload<Out[Type]>, unknown> };
}

export interface MessageOptions<In, Out> extends UndropOptions {
  envelope?: Envelope;
  codec?: Codec;
  schemas?: Schemas<In, Out>;
}

export interface Listening {
  once?: boolean;
  signal?: AbortSignal;
}

export interface Waiting {
  /** Milliseconds after which the promise rejects with a TimeoutError. Default: no limit. */
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
