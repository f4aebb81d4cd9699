import { type Delivering, deliver, prepare, type SessionOptions, type SessionStats } from './resume.js';
import type { Events } from './session-events.js';
import { Undrop as Base, type Given } from './undrop.js';

type Callback<E extends Event> = (this: Undrop, event: E) => unknown;

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
  /** @throws TypeError when an option does not go with `resume`. */
  constructor(
    ...given: [url: Given<string | URL>, protocols?: Given<string | Iterable<string>>, options?: SessionOptions]
  ) {
    super(...prepare(given));
  }

  /**
   * Sends, and resolves when the server has taken it.
   *
   * Rejects with a DeliveryError if that is not known to have happened, with the signal's reason if it was aborted before
   * it left, and with what `send` throws if it was not taken. What has left can't be taken back: aborting then has no
   * effect.
   */
  deliver(data: string | ArrayBufferLike | Blob | ArrayBufferView, options?: Delivering): Promise<void> {
    return deliver(this, data, options);
  }

  override get stats(): SessionStats {
    return super.stats as SessionStats;
  }

  static {
    // A minifier has taken it away.
    Object.defineProperty(Undrop, 'name', { value: 'Undrop' });
  }
}

export interface Undrop {
  onresume: ((this: WebSocket, event: Event) => unknown) | null;
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
