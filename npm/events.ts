// The events that the standard does not know, and what each socket fires.

import type { Drop } from './options.js';

/** A line that was lost. `preventDefault()` gives it up. */
export interface DropEvent extends CloseEvent, Drop {
  readonly reason: string;
  readonly code: number;
}

/** A message that `send` took and that will not be sent. */
export interface LostEvent extends MessageEvent {
  /** It waited longer than it was to live, made room for a newer one, or it is over. */
  readonly cause: 'expired' | 'overflow' | 'closed';
}

/** What a socket fires. */
export interface Events {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
  drop: DropEvent;
  lost: LostEvent;
  statechange: Event;
}
