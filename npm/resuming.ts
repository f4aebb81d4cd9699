import { sizeOf } from './carrier.js';
import { Mailbox, type Outcome, offer, ownPart } from './mailbox.js';
import type { Heartbeat, UndropOptions } from './options.js';
import type { Events } from './session-events.js';
import { Undrop as Base, call, type Given, keep, parseProtocols, refuse, type Stats } from './undrop.js';

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

type Callback<E extends Event> = (this: Undrop, event: E) => unknown;

const REASONS: Record<string, string> = {
  expired: 'it waited longer than it was to live',
  unsent: 'its session ended before it left',
  unconfirmed: 'its session ended before the server said that it has it; it may have arrived',
};

/** What the main class makes of the options for a session. */
const translate = (options: SessionOptions, mailbox: Mailbox): UndropOptions => {
  const { resume, heartbeat, queue, retry, ...others } = options;
  const { limitBytes, limitMessages } = Object(resume) as Resume;
  if (retry === false) throw new TypeError('Undrop: resume needs retry.');
  if (queue !== undefined)
    throw new TypeError('Undrop: resume has limits of its own, limitBytes and limitMessages, in place of queue.');
  for (const name of ['message', 'reply'])
    if (name in Object(heartbeat)) throw new TypeError(`Undrop: with resume the heartbeat has no ${name} of its own.`);
  return {
    ...others,
    ...(retry === undefined ? {} : { retry }),
    ...(heartbeat === false ? {} : { heartbeat: { ...heartbeat, message: '' } }),
    queue: {
      ...(limitBytes === undefined ? {} : { bytes: limitBytes }),
      ...(limitMessages === undefined ? {} : { messages: limitMessages }),
    },
    mailbox,
  };
};

/**
 * The same socket, which with `resume` loses nothing.
 *
 * ```ts
 * import { Undrop } from 'undrop/session';
 *
 * const socket = new Undrop('wss://example.org/room', [], { resume: true });
 * socket.onopen = () => console.log('a fresh session');
 * socket.onresume = () => console.log('the line is back, and nothing was lost');
 * await socket.deliver('hello');
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface below only says what more an inherited method hears.
export class Undrop extends Base {
  declare onresume: ((this: WebSocket, event: Event) => unknown) | null;

  readonly #mailbox: Mailbox | undefined;

  /** @throws TypeError when an option does not go with `resume`. */
  constructor(
    ...given: [url: Given<string | URL>, protocols?: Given<string | Iterable<string>>, options?: SessionOptions]
  ) {
    const [url, protocols = [], options = {}] = given;
    const { resume } = options;
    const mailbox = resume ? new Mailbox((resume as Resume).onReset) : undefined;
    if (mailbox) {
      const offers =
        typeof protocols === 'function'
          ? async () => offer(parseProtocols(await call(protocols)))
          : offer(parseProtocols(protocols));
      super(url, offers, translate(options, mailbox));
    } else super(...(given as ConstructorParameters<typeof Base>));
    this.#mailbox = mailbox;
  }

  override get protocol(): string {
    const protocol = super.protocol;
    return this.#mailbox ? ownPart(protocol) : protocol;
  }

  override get stats(): SessionStats {
    return { ...super.stats, unacknowledged: this.#mailbox?.unacknowledged ?? 0 };
  }

  /**
   * Sends, and resolves when the server has taken it.
   *
   * Rejects with a DeliveryError if that is not known to have happened, with the signal's reason if it was aborted before
   * it left, and with what `send` throws if it was not taken. What has left can't be taken back: aborting then has no
   * effect.
   */
  deliver(
    data: string | ArrayBufferLike | Blob | ArrayBufferView,
    { signal, timeToLive }: Delivering = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const mailbox = this.#mailbox;
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
          reject(
            Object.assign(new Error(`Undrop: ${REASONS[outcome]}.`, { cause: outcome }), { name: 'DeliveryError' }),
          );
      };
      const kept = keep(data);
      const ticket = mailbox.post(kept, sizeOf(kept), told, Math.min(timeToLive ?? -1, 2 ** 32 - 1));
      if (ticket < 1) refuse(-ticket);
      else signal?.addEventListener('abort', abort);
    });
  }

  static {
    // A minifier has taken it away.
    Object.defineProperty(Undrop, 'name', { value: 'Undrop' });
  }
}

export interface Undrop {
  addEventListener<K extends keyof Events>(
    type: K,
    callback: Callback<Events[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
