import { type Delivering, deliver, prepare, type SessionOptions, type SessionStats } from './resume.js';
import type { Events } from './session-events.js';
import { type MessageStats, Undrop as Typed } from './typed.js';
import type { AnyMessages, InvalidEvent, MessageOptions } from './typing.js';
import type { Given } from './undrop.js';

/** What both `undrop/messages` and `undrop/session` take. */
export type AllOptions<In, Out> = SessionOptions & Omit<MessageOptions<In, Out>, 'heartbeat'>;

type AllEvents = Events & { invalid: InvalidEvent };

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
 * Over a session a request outlives the line that it left on: it fails only when its session is lost.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface below only says what more an inherited method hears.
export class Undrop<In extends object = AnyMessages, Out extends object = AnyMessages> extends Typed<In, Out> {
  /** @throws TypeError when the envelope, the codec or a schema can't be one, or an option does not go with `resume`. */
  constructor(
    ...given: [url: Given<string | URL>, protocols?: Given<string | Iterable<string>>, options?: AllOptions<In, Out>]
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

  override get stats(): MessageStats & SessionStats {
    return super.stats as MessageStats & SessionStats;
  }

  static {
    // A minifier has taken it away.
    Object.defineProperty(Undrop, 'name', { value: 'Undrop' });
  }
}

export interface Undrop<In, Out> {
  onresume: ((this: WebSocket, event: Event) => unknown) | null;
  addEventListener<K extends keyof AllEvents>(
    type: K,
    callback: (this: Undrop<In, Out>, event: AllEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
