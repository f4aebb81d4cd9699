// Sessions, which the entries `undrop/session` and `undrop/all` add to a class.

import { toCloseCode, toReason, toSignal } from './conversions.js';
import type { FaultEvent, LostInSessionEvent } from './events.js';
import type { Data, Outcome } from './shell.js';
import { type EventHandler, type Part, type Stats, shellOf } from './socket.js';

export interface Delivering {
  /** Aborting it withdraws the message, unless it was sent already. */
  signal?: AbortSignal | undefined;
  /** How long it may wait to be sent, in milliseconds. For ever unless given. */
  timeToLive?: number | undefined;
}

export interface SessionStats extends Stats {
  /** Messages that were sent and not acknowledged. */
  unacknowledged: number;
}

/** Why a message was not delivered. */
export interface DeliveryError extends Error {
  readonly name: 'DeliveryError';
  /**
   * - `expired`: it waited for longer than its time to live, and was not sent;
   * - `too-large`: it is larger than the server accepts, which was not known yet when it was sent;
   * - `unsent`: its session ended before it was sent: it has not arrived;
   * - `unconfirmed`: its session ended before the server acknowledged it: it may have arrived.
   */
  readonly cause: 'expired' | 'too-large' | 'unsent' | 'unconfirmed';
}

/** What sessions add to a class. */
export interface Sessions {
  onresume: EventHandler<Event>;
  onlost: EventHandler<LostInSessionEvent>;
  onerror: EventHandler<FaultEvent>;

  /**
   * Sends, and resolves when the server has acknowledged the message.
   *
   * Rejects with a DeliveryError if the message is not known to have arrived, with the signal's reason if it was aborted
   * before it was sent, and with what `send` throws if it was not accepted. A message that was sent can't be withdrawn:
   * aborting has no effect then.
   */
  deliver(data: string | ArrayBufferLike | Blob | ArrayBufferView, options?: Delivering): Promise<void>;
}

const MAX_SPAN = 2 ** 32 - 1;

/** @internal */
export const sessions: Part = {
  isIn: (socket) => !!shellOf(socket).core.escape,
  events: ['resume'],
  members: {
    close(code: number | undefined = undefined, reason: string | undefined = undefined) {
      const shell = shellOf(this);
      if (shell.keepsSession) shell.core.closeSession?.(shell.id, toCloseCode(code), toReason(reason));
      else shell.close(code, reason);
    },
    deliver(data: Data, options?: Delivering): Promise<void> {
      return new Promise((resolve, reject) => {
        const shell = shellOf(this);
        if (!shell.keepsSession) throw new TypeError('Undrop: deliver() needs the option resume.');
        const signal = toSignal(options);
        const { timeToLive } = Object(options) as Delivering;
        if (timeToLive !== undefined && !(timeToLive >= 0))
          throw new TypeError(`Undrop: timeToLive must be a number of milliseconds, not ${timeToLive}.`);
        const abort = () => shell.withdraw(number);
        const settled = (outcome: Outcome) => {
          signal?.removeEventListener('abort', abort);
          if (outcome === 'delivered') resolve();
          else if (outcome === 'withdrawn') reject(signal?.reason);
          else {
            const error = new Error(`Undrop: ${shell.describe(outcome)}.`, { cause: outcome });
            reject(Object.assign(error, { name: 'DeliveryError' }));
          }
        };
        const number = shell.send(data, settled, timeToLive === undefined ? undefined : Math.min(timeToLive, MAX_SPAN));
        signal?.addEventListener('abort', abort);
      });
    },
  },
};
