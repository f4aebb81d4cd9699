// How the types of messages are written down, and what follows from that. A map has a member for each type: its data, or
// for a request a function from its data to the reply.

import type { UndropOptions } from './options.js';
import type { Issue, StandardSchema } from './schema.js';

export type AnyMessages = Record<string, unknown>;

export type Name<Messages> = keyof Messages & string;

/** What a message holds. */
export type Payload<Message> = [Message] extends [(...query: infer Query) => unknown] ? Query[0] : Message;

/** What a request is answered. */
export type Reply<Message> = [Message] extends [(...query: never) => infer Answer] ? Awaited<Answer> : unknown;

/** Data that may be undefined may be left out. */
export type Data<Message> = undefined extends Payload<Message> ? [data?: Payload<Message>] : [data: Payload<Message>];

/** Frames that are not text, if there is no codec. */
export type Incoming<In> = 'binary' extends keyof In ? In : In & { binary: ArrayBuffer | Blob };

type Each<In> = { [Type in Name<In>]: [data: Payload<In[Type]>, type: Type] }[Name<In>];

export type Handler<In, Type> = Type extends '*'
  ? (...message: Each<In>) => unknown
  : Type extends keyof In
    ? (data: Payload<In[Type]>, type: Type) => unknown
    : never;

/** What an iterator of messages gives. */
export type Arrived<In, Type> = Type extends '*'
  ? { [Each in Name<In>]: { type: Each; data: Payload<In[Each]> } }[Name<In>]
  : Type extends keyof In
    ? Payload<In[Type]>
    : never;

/**
 * Where a message has what. Names stand for an object, `{ type, data, id }` unless given; indices for an array.
 * `data: false`: the message is itself the data.
 */
export interface Envelope {
  type?: string | number;
  data?: string | number | false;
  id?: string | number;
  /** The type of a reply. `'reply'` */
  reply?: string;
  /** The type of a reply that is an error. `'error'` */
  error?: string;
}

/** Another format than JSON. */
export interface Codec {
  encode(message: unknown): string | ArrayBufferLike | ArrayBufferView | Blob;
  /** Gets text as a string and anything else as an ArrayBuffer: whichever your server sends. */
  decode(data: string & ArrayBuffer): unknown;
}

/** What checks and may change the data of each type. */
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
  /** Milliseconds, after which it fails with a TimeoutError. No limit unless given. */
  timeout?: number;
  signal?: AbortSignal;
}

/** A request that the other end has answered with an error. */
export interface ReplyError extends Error {
  readonly name: 'ReplyError';
  /** What the answer holds. */
  readonly data: unknown;
}

/** A message that is not what it should be. It reaches no handler. `preventDefault()` keeps it off the console. */
export interface InvalidEvent extends MessageEvent<unknown> {
  /**
   * - `parse`: the codec, or without one JSON, does not take it;
   * - `envelope`: there is no type in it;
   * - `schema`: the data does not fit its schema;
   * - `outgoing`: nor does what was to be sent, says a schema that took its time.
   */
  readonly reason: 'parse' | 'envelope' | 'schema' | 'outgoing';
  readonly messageType: string | undefined;
  readonly issues: readonly Issue[];
}
