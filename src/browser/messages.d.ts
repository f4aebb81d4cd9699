// What `messages.js` has for the TypeScript face.

export interface Complaint {
  data: unknown;
  reason: 'parse' | 'envelope' | 'schema' | 'outgoing';
  messageType: string | undefined;
  issues: readonly { message: string }[];
}

/** What became of a message that had to wait; the last two are those of a session. */
type Fate = 'sent' | 'expired' | 'overflow' | 'closed' | 'unsent' | 'unconfirmed';

/** What it needs of a socket. */
export interface Face {
  /**
   * Sends. If the message has to wait, the answer takes it back, and `told` hears what else becomes of it; without
   * `told` it is a message like any other.
   */
  post(frame: string, told?: (fate: Fate) => void): (() => void) | undefined;
  invalid(complaint: Complaint): void;
  /** Whether `receive` has to be called. */
  listen(active: boolean): void;
}

interface Waiting {
  timeout?: number;
  signal?: AbortSignal;
}

type Handler = (data: never, type: never) => unknown;

export class Messages {
  /** Throws a TypeError that says what is wrong with the options. */
  constructor(options: { envelope?: object; codec?: object; schemas?: object }, face: Face);
  readonly unhandled: number;
  readonly invalid: number;

  /** A handler is called for each message of the type. The type `*` stands for all, `binary` for frames without one. */
  on(type: string, handler: Handler, options?: { once?: boolean; signal?: AbortSignal }): () => void;
  off(type: string, handler: Handler): void;
  next(type: string, options?: Waiting): Promise<unknown>;
  emit(type: string, data?: unknown): void;
  request(type: string, data?: unknown, options?: Waiting): Promise<unknown>;
  handle(type: string, answer: Handler): () => void;
  /** Calls `end` when it is over, after what had arrived before. */
  onEnd(end: (error: DOMException) => void): () => void;

  /** A message has arrived. */
  receive(data: unknown): void;
  /** The line was lost, and what had left with it. */
  dropped(): void;
  /** It is over. */
  closed(): void;
}
