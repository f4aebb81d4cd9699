// The static description of typed messages, which a page and its server in JavaScript share: it names nothing that only a
// browser has. A map has a member for each type of message: the type of its data, or for a request a function from its data to
// the reply.

import type { StandardSchema } from './schema.js';

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

/** The data of a message or a request of a type. */
export type PayloadOf<Out, Type> = Type extends keyof Out ? Payload<Out[Type]> : undefined;

/** The arguments that pass the data. Data that may be undefined may be omitted. */
export type Data<Out, Type> =
  undefined extends PayloadOf<Out, Type> ? [data?: PayloadOf<Out, Type>] : [data: PayloadOf<Out, Type>];

/**
 * Where the type, the data and the id of a message are: names of an object's properties, or indices of an array.
 * Default: an object `{ type, data, id }`. With `data: false` the message itself is the data.
 */
export interface Envelope {
  type?: string | number | undefined;
  data?: string | number | false | undefined;
  id?: string | number | undefined;
  /** The type of a reply. Default: `'reply'`. */
  reply?: string | undefined;
  /** The type of a reply that is an error. Default: `'error'`. */
  error?: string | undefined;
}

/** A format other than JSON. */
export interface Codec {
  encode(message: unknown): string | ArrayBufferLike | ArrayBufferView | Blob;
  /** Gets a text frame as a string, and a binary frame as an ArrayBuffer. */
  decode(data: string & ArrayBuffer): unknown;
}

/** The schemas that check the data of each type, and may transform it. */
export interface Schemas<In, Out, Replies = RepliesOf<Out>> {
  incoming?: { readonly [Type in keyof In]?: StandardSchema<unknown, Payload<In[Type]>> } | undefined;
  outgoing?: { readonly [Type in keyof Out]?: StandardSchema<Payload<Out[Type]>, unknown> } | undefined;
  /** For the data of the replies to each request. A reply that does not fit rejects the request, with a TypeError. */
  replies?: { readonly [Type in keyof Replies]?: StandardSchema<unknown, Replies[Type]> } | undefined;
}
