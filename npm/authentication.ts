// What a page does on a native socket before anything else is sent: it sends and receives there by itself.

import type { Connection } from './options.js';

/** @internal The connection as the page has it while it authenticates. */
export class Authentication {
  readonly connection: Connection;
  /** What has arrived and was not received by the page. */
  readonly unread: unknown[] = [];
  readonly #ended = new AbortController();
  readonly #over = new Error('Undrop: authenticate, or its connection, is over.');
  /** Whoever waits for a message. */
  readonly #waiting: (() => void)[] = [];

  constructor(native: WebSocket) {
    const { signal } = this.#ended;
    this.connection = {
      signal,
      send: (data) => {
        signal.throwIfAborted();
        native.send(data as string);
      },
      receive: async () => {
        while (!this.unread.length) {
          signal.throwIfAborted();
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
        return this.unread.shift();
      },
    };
  }

  /** A message has arrived. */
  hear(data: unknown) {
    this.unread.push(data);
    this.#waiting.shift()?.();
  }

  /** Nothing more is sent or received here. */
  end() {
    this.#ended.abort(this.#over);
    for (const wake of this.#waiting) wake();
  }

  /** The page has thrown after the end. What `send` and `receive` throw then is no mistake of the page. */
  report(error: unknown) {
    if (error !== this.#over) reportError(error);
  }
}
