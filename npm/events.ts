// The events that the standard does not know, and what each socket fires.

import type { Cause, Drop } from './options.js';

/** The connection dropped and will reconnect. `preventDefault()` closes it instead. */
export interface DropEvent extends CloseEvent, Drop {
  readonly reason: string;
  readonly code: number;
}

/** The connection is closed. */
export interface ClosedEvent extends CloseEvent {
  /** Why it dropped, if it did not reconnect; absent if the page closed it. */
  readonly cause?: Cause;
  /** What the function for the URL, the subprotocols or `authenticate` has thrown, if that ended it. */
  readonly error?: unknown;
}

/** A message that was accepted and was not sent. */
export interface LostEvent extends MessageEvent {
  /**
   * - `expired`: it waited for longer than its time to live;
   * - `overflow`: it made room for a newer message;
   * - `closed`: the connection was closed first.
   */
  readonly cause: 'expired' | 'overflow' | 'closed';
}

/** A message that was accepted and not acknowledged. */
export interface LostInSessionEvent extends MessageEvent {
  /**
   * - `unconfirmed`: its session ended before the server acknowledged it: it may have arrived;
   * - `unsent`: its session ended before it was sent: it has not arrived;
   * - `expired`: it waited for longer than its time to live, and was not sent;
   * - `too-large`: it is larger than the server accepts, which was not known yet when it was sent;
   * - `overflow`, `closed`: without a session, as in `undrop`.
   */
  readonly cause: 'unconfirmed' | 'unsent' | 'expired' | 'too-large' | 'overflow' | 'closed';
}

/** What a socket fires. */
export interface Events {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: ClosedEvent;
  drop: DropEvent;
  lost: LostEvent;
  statechange: Event;
}

/** The connection did not end cleanly, and `close` follows; or, with a `message` alone, the server does not answer. */
export interface FaultEvent extends Event {
  /** What the server of the session does wrong, if that is known. */
  readonly message?: string;
}

/** What a socket fires that can keep a session. */
export interface SessionEvents extends Omit<Events, 'lost' | 'error'> {
  error: FaultEvent;
  lost: LostInSessionEvent;
  /** The connection is open again, and the session goes on: nothing was lost, and there is nothing to do. */
  resume: Event;
}
