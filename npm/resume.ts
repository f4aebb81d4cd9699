// What the entries with sessions add to the socket: their options, and `deliver`.

import { sizeOf } from './carrier.js';
import { Mailbox, type Outcome, offer } from './mailbox.js';
import type { Heartbeat, UndropOptions } from './options.js';
import { call, type Given, inside, keep, parseProtocols, refuse, type Stats, type Undrop } from './undrop.js';

/** What may be on its way, and who hears of a new beginning. */
export interface Resume {
  /** How many bytes may be sent and not yet acknowledged; text counts by its length. 16 MiB. What is more is refused. */
  limitBytes?: number;
  /** How many messages. 65,536. */
  limitMessages?: number;
  /** The server had forgotten the session, and a fresh one has begun: called before its `open`. */
  onReset?: () => void;
}

export interface SessionOptions extends Omit<UndropOptions, 'heartbeat'> {
  /**
   * Keeps a session with a server that speaks `undrop.1`: what is sent arrives exactly once and in order, over any number
   * of lines. `queue` then has no meaning, and `retry` must not be off.
   */
  resume?: boolean | Resume;
  /** With `resume` it is the protocol's own, and on unless it is `false`. */
  heartbeat?: Heartbeat | { interval?: number; timeout?: number } | false;
}

export interface Delivering {
  /** Aborting it takes the message back, unless it has left. */
  signal?: AbortSignal;
  /** How long it may wait to leave, in milliseconds. For ever unless given. */
  timeToLive?: number;
}

export interface SessionStats extends Stats {
  /** Messages that were sent and are not known to have arrived. */
  unacknowledged: number;
}

/** Why a message was not delivered. */
export interface DeliveryError extends Error {
  readonly name: 'DeliveryError';
  /**
   * - `expired`: it waited longer than it was to live, and has not left;
   * - `unsent`: its session ended before it left: it has not arrived;
   * - `unconfirmed`: its session ended before the server said that it has it: it may have arrived.
   */
  readonly cause: 'expired' | 'unsent' | 'unconfirmed';
}

const REASONS: Record<string, string> = {
  expired: 'it waited longer than it was to live',
  unsent: 'its session ended before it left',
  unconfirmed: 'its session ended before the server said that it has it; it may have arrived',
};

/** What the socket makes of the options for a session. */
const translate = (options: SessionOptions): UndropOptions => {
  const { resume, heartbeat, queue, retry, ...others } = options;
  const { limitBytes, limitMessages, onReset } = Object(resume) as Resume;
  if (retry === false) throw new TypeError('Undrop: resume needs retry.');
  if (queue !== undefined)
    throw new TypeError('Undrop: resume has limits of its own, limitBytes and limitMessages, in place of queue.');
  for (const name of ['message', 'reply'])
    if (name in Object(heartbeat)) throw new TypeError(`Undrop: with resume the heartbeat has no ${name} of its own.`);
  // What is undefined is as usual.
  return {
    ...others,
    retry,
    heartbeat: heartbeat === false ? undefined : { ...heartbeat, message: '' },
    queue: { bytes: limitBytes, messages: limitMessages },
    mailbox: new Mailbox(onReset),
  } as UndropOptions;
};

type Arguments<Options> = [url: Given<string | URL>, protocols?: Given<string | Iterable<string>>, options?: Options];

/** What the socket is to be made of, if it is to keep a session. */
export const prepare = <Options extends SessionOptions>(given: Arguments<Options>): Arguments<UndropOptions> => {
  const [url, protocols = [], options] = given;
  if (!options?.resume) return given as Arguments<UndropOptions>;
  const offers =
    typeof protocols === 'function'
      ? async () => offer(parseProtocols(await call(protocols)))
      : offer(parseProtocols(protocols));
  return [url, offers, translate(options)];
};

export const deliver = (
  socket: Undrop,
  data: string | ArrayBufferLike | Blob | ArrayBufferView,
  { signal, timeToLive }: Delivering = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const { mailbox } = inside(socket);
    if (!mailbox) throw new TypeError('Undrop: deliver() needs the option resume.');
    if (timeToLive !== undefined && !(timeToLive >= 0))
      throw new TypeError(`Undrop: timeToLive must be a number of milliseconds, not ${timeToLive}.`);
    signal?.throwIfAborted();
    const abort = () => mailbox.recall(ticket);
    const told = (outcome: Outcome) => {
      signal?.removeEventListener('abort', abort);
      if (outcome === 'delivered') resolve();
      else if (outcome === 'withdrawn') reject(signal?.reason);
      else
        reject(Object.assign(new Error(`Undrop: ${REASONS[outcome]}.`, { cause: outcome }), { name: 'DeliveryError' }));
    };
    const kept = keep(data);
    const ticket = mailbox.post(kept, sizeOf(kept), told, Math.min(timeToLive ?? -1, 2 ** 32 - 1));
    if (ticket < 1) refuse(-ticket);
    else signal?.addEventListener('abort', abort);
  });
