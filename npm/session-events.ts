// The events that a session adds.

import type { Events as Plain } from './events.js';

/** A message that was taken, and is not known to have arrived. */
export interface LostEvent extends MessageEvent {
  /**
   * - `unconfirmed`: its session ended before the server said that it has it: it may have arrived;
   * - `unsent`: its session ended before it left: it has not arrived;
   * - `expired`: it waited longer than it was to live, and has not left;
   * - `overflow`, `closed`: without a session, as in `undrop`.
   */
  readonly cause: 'unconfirmed' | 'unsent' | 'expired' | 'overflow' | 'closed';
}

/** What a socket fires. */
export interface Events extends Omit<Plain, 'lost'> {
  lost: LostEvent;
  /** The line is back and the session with it: nothing was lost, and there is nothing to do. */
  resume: Event;
}
