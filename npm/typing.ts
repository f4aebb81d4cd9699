// The static types of typed messages in a page.

import type { Codec, Data, Envelope, Name, Payload, PayloadOf, RepliesOf, Schemas } from './description.js';
import type { UndropOptions } from './options.js';
import type { Issue } from './schema.js';

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

export interface MessageOptions<In, Out, Replies = RepliesOf<Out>> extends UndropOptions {
  envelope?: Envelope | undefined;
  codec?: Codec | undefined;
  schemas?: Schemas<In, Out, Replies> | undefined;
  /**
   * How long a request waits for its reply, in milliseconds, unless it has a `timeout` of its own. `Infinity`: no limit.
   *
   * @default 30000
   */
  requestTimeout?: number | undefined;
}

export interface Listening {
  once?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Waiting {
  /**
   * Milliseconds after which the promise rejects with a TimeoutError. Default: for a request `requestTimeout`, else no
   * limit.
   */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
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
