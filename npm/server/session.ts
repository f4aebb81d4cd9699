// What a handler has of its session.

import type { ServerCloseFrame, ServerSession } from '#wasm/server';
import { check, text, wholeNumber } from './checks.js';
import { Handshake } from './handshake.js';
import { say } from './log.js';

/** What can be sent: a text, or bytes. They are copied. */
export type Sendable = string | ArrayBuffer | ArrayBufferView;

/** Why a session ended, as far as this handler is concerned. */
export type Cause =
  | 'client'
  | 'app'
  | 'expired'
  | 'evicted'
  | 'violation'
  | 'moved'
  | 'shutdown'
  | 'failed'
  | 'revoked';

/** How a session ended. */
export interface Ending {
  readonly cause: Cause;
  /**
   * What was sent and the client has not acknowledged: it may have arrived or not. Empty if the session lives on, and once the
   * handler has ended.
   */
  readonly undelivered: readonly (string | Uint8Array)[];
}

/** The close frame with which a client has closed a connection. */
export interface CloseFrame {
  /** The code; 1005 if the frame has none. */
  readonly code: number;
  readonly reason: string;
}

/** Why a message was not sent or not committed. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  /**
   * `full`: the client has not acknowledged enough. `over`: the session is over. `moved`: the session has another handler now,
   * which receives the message again. `unknown`: the session left this server before the store answered.
   */
  readonly code: 'full' | 'over' | 'moved' | 'unknown';
  /** The id of the session. */
  readonly session: string;

  /** @internal */
  constructor({ message, code }: { message: string; code: SessionError['code'] }, session: string) {
    super(message);
    this.code = code;
    this.session = session;
  }
}

/** Whether this is why the handler of a session can't go on: the session is over, or has gone on without it. @internal */
export const isOver = (error: unknown, { id }: Session): boolean =>
  error instanceof SessionError && error.session === id && error.code !== 'full';

/** What the core has thrown, as a `SessionError` if it is one. @internal */
export const fromCore = (error: unknown, session: string) =>
  error instanceof Error && 'code' in error ? new SessionError(error as unknown as SessionError, session) : error;

/** A promise of what the core tells a function. It may be left alone: a session that moves is nothing that a process should end for. */
const told = (session: string, ask: (done: (error?: unknown) => void) => void): Promise<void> => {
  let done: (error?: unknown) => void = ignore;
  const result = new Promise<void>((resolve, reject) => {
    done = (error) => {
      if (error === undefined) return resolve();
      result.catch(ignore);
      reject(fromCore(error, session));
    };
  });
  ask(done);
  return result;
};

const ignore = () => {};

const asResult = (value: Received | undefined): IteratorResult<Received, undefined> =>
  value ? { done: false, value } : { done: true, value };

/** So many messages without a commit are worth a warning: a client of whom 1,024 are not committed is not read. */
const MOST_UNCOMMITTED = 1_000;
let hasWarned = false;

/**
 * A conversation with one client that outlives its connections. It is over when its handler returns.
 *
 * It can be iterated: `for await (const received of session)` runs until the session is over.
 */
export class Session implements AsyncIterable<Received> {
  readonly #session: ServerSession;
  /** Its id, which is the same on all nodes. It is no secret. */
  readonly id: string;
  #handshake: Handshake | undefined;
  #committed: number | undefined;
  /** The calls of `next` that wait for a message, in their order. */
  readonly #waiting: ((received: Received | undefined) => void)[] = [];
  /** Whether the app has ended it. */
  #isClosed = false;

  /** @internal */
  constructor(session: ServerSession) {
    this.#session = session;
    this.id = session.id;
    session.onReadable(() => this.#handOut());
  }

  /** Whose it is: what `authenticate` returned. */
  get user(): string | undefined {
    return this.#session.user;
  }

  /** The request of the connection that the session began on, or was restored on, with the headers of `keptHeaders` alone. */
  get handshake(): Handshake {
    this.#handshake ??= new Handshake(this.#session.handshake);
    return this.#handshake;
  }

  /**
   * Whether the session had a handler before this one, which has ended with its node or thrown. What that one did not commit
   * is received again.
   */
  get isRestored(): boolean {
    return this.#session.isRestored;
  }

  /** How many messages were sent in this session, by this handler and those before it. */
  get sent(): number {
    return this.#session.sent;
  }

  /** How many bytes of what was sent in this session the client has not acknowledged, of the `outbox` that there may be. */
  get unacknowledgedBytes(): number {
    return this.#session.unacknowledgedBytes;
  }

  /** How the session ended, if it has. */
  get ending(): Ending | undefined {
    const ending = this.#session.ending();
    return ending && { cause: ending.cause as Cause, undelivered: ending.undelivered };
  }

  /** The close code of a WebSocket in whose place the session is, if the session has ended. @internal */
  get closeCode(): number | undefined {
    return this.#session.ending()?.code;
  }

  /** The next message; undefined when the session is over for this handler and there are no more. */
  next(): Promise<Received | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#handOut();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Received, undefined, void> {
    return { next: () => this.next().then(asResult) };
  }

  /**
   * Sends a message. It is stored, is sent as soon as there is a connection, and arrives once and in order. Throws a
   * `SessionError`: `full`, or `over` once the session is over for this handler, also while the server shuts down. A room keeps the
   * ids of its sessions, and sends with `sessions.sendTo`, which needs no handler.
   */
  send(message: Sendable): void {
    try {
      this.#session.send(message);
    } catch (error) {
      throw fromCore(error, this.id);
    }
  }

  /**
   * Sends a message and waits until the client has it. Rejects with a `SessionError`, `over`, if the session ends before
   * that. It may be left without an `await`.
   */
  deliver(message: Sendable): Promise<void> {
    return told(this.id, (done) => this.#session.deliver(message, done));
  }

  /**
   * How the client has closed the connection that the session was on when it ended, or last before that: the code and the reason
   * that the client's app gave, if it has ended the session (`client`). Waits until the session is over and that connection
   * closed. Undefined if there was no close frame of the client's within `closeTimeout`.
   */
  async clientClose(): Promise<CloseFrame | undefined> {
    const frame: ServerCloseFrame | undefined = await this.#session.clientClose();
    return frame && { code: frame.code, reason: frame.reason };
  }

  /**
   * Ends the session, once the client has received all that was sent before, and closes its connection with this code: 1000 to
   * 1003, 1007 to 1014, 3000 to 4999, or 1005 for none, in whose place Bun sends 1000. Any other becomes 1000.
   */
  close(code = 1000, reason = ''): void {
    check('the code of session.close(code, reason)', wholeNumber(0, 65_535), code);
    check('the reason of session.close(code, reason)', text, reason);
    this.#isClosed = true;
    this.#session.close(code, reason);
  }

  /** Whether a call of `next` waits, and the app has not ended the session. @internal */
  get isAwaited(): boolean {
    return this.#waiting.length > 0 && !this.#isClosed;
  }

  /** The handler has ended. @internal */
  release(): void {
    this.#session.release();
  }

  /** Gives the calls of `next` what there is for them. */
  #handOut(): void {
    while (this.#waiting.length > 0) {
      const message = this.#session.next();
      if (message === undefined) return;
      this.#waiting.shift()?.(message === null ? undefined : this.#received(message));
    }
  }

  #received(message: string | Uint8Array): Received {
    const number = this.#session.received;
    this.#committed ??= number - 1;
    if (number - this.#committed > MOST_UNCOMMITTED && !hasWarned) {
      hasWarned = true;
      say(
        'warn',
        `a handler has committed none of the last ${MOST_UNCOMMITTED} messages: call received.commit() when it is done with ` +
          'one, or the client is not read any more, and all of them are received again by the next handler',
      );
    }
    return new Received(message, number, this.id, (replies) => {
      this.#committed = Math.max(this.#committed ?? 0, number);
      return told(this.id, (done) => this.#session.commit(number, replies, done));
    });
  }
}

/**
 * A message that was received. Its client keeps it until the store has it, and the store until it is committed. As long as
 * it is not committed, the next handler of the session receives it again, under the same number.
 */
export class Received {
  /** The message: a text, or bytes. */
  readonly message: string | Uint8Array;
  /** Which of the session's messages it is, from 1. */
  readonly number: number;
  /** The id of the session. */
  readonly session: string;
  readonly #commit: (replies: Sendable | readonly Sendable[] | undefined) => Promise<void>;

  /** @internal */
  constructor(
    message: string | Uint8Array,
    number: number,
    session: string,
    commit: (replies: Sendable | readonly Sendable[] | undefined) => Promise<void>,
  ) {
    this.message = message;
    this.number = number;
    this.session = session;
    this.#commit = commit;
  }

  /**
   * Commits this message and all before it, and sends these replies, in one atomic step: either the message is committed and
   * the replies are stored, or the message is received again and the replies were never sent. Rejects with a `SessionError`;
   * a handler that lets it pass ends, as it has to, without being taken for one that failed. It may be left without an `await`.
   *
   * Commit each message once: a second commit of it, or of an older one, commits nothing more and sends its replies again.
   */
  commit(replies?: Sendable | readonly Sendable[]): Promise<void> {
    return this.#commit(replies);
  }
}
