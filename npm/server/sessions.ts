// The sessions of a server: how they are set up, served and ended.

import type { ServerAdmission, ServerHandshake, ServerSession, ServerSessions } from '#wasm/server';
import { wrong } from '../../src/messages/registry.js';
import { aFunction, check, text } from './checks.js';
import { core } from './core.js';
import { Handshake, Refused } from './handshake.js';
import { describe, say } from './log.js';
import { checkSessionsOptions, type SessionsOptions } from './options.js';
import type { RedisStore } from './redis.js';
import { fromCore, isOver, type Sendable, Session } from './session.js';

/** The most memory that clients can make sessions take, in bytes. What the app itself holds is not in it. */
export interface WorstCase {
  /** The connections, with their buffers. */
  readonly connections: number;
  /** The sessions, without their messages. */
  readonly sessions: number;
  /** What was sent and not acknowledged. */
  readonly outboxes: number;
  /** What has come and is not committed. */
  readonly inboxes: number;
  /** What is remembered of addresses. */
  readonly addresses: number;
  /** The most that the clients of one address can take of all that. */
  readonly perAddress: number;
  /** All of it together, without `perAddress`, which is a part of it. */
  readonly total: number;
}

/** Runs once for a session, however often its client reconnects. The session is over when it returns. */
export type Handler = (session: Session) => void | Promise<void>;

/** The answer to a handshake that is refused. */
export interface Rejection {
  readonly status: number;
  readonly text: string;
}

const LONGEST_TIMER = 2 ** 31 - 1;

/** The sessions of a server, for one kind of conversation. */
export class Sessions {
  readonly #sessions: ServerSessions;
  readonly #store: RedisStore | undefined;
  #handler: Handler | undefined;
  #hasRefused = false;

  constructor(options: SessionsOptions = {}) {
    checkSessionsOptions(options);
    const { authenticate, store, ...config } = options;
    const { ServerSessions } = core();
    this.#store = store;
    this.#sessions = new ServerSessions(config, authenticate && asked(authenticate), store?.commands, store?.prefix);
  }

  /** Sets what serves each session. */
  serve(handler: Handler): this {
    check('the handler of serve(handler)', { ...aFunction, must: 'a function of a session' }, handler);
    if (this.#handler) throw wrong('serve has been called already: a session has one handler');
    this.#handler = handler;
    return this;
  }

  /** The most memory that clients can make these sessions take on Node, in bytes. */
  worstCase(): WorstCase {
    const { connections, sessions, outboxes, inboxes, addresses, perAddress, total } = this.#sessions.worstCase();
    return { connections, sessions, outboxes, inboxes, addresses, perAddress, total };
  }

  /** What the server counts, as text that Prometheus reads. */
  metrics(): string {
    return this.#sessions.metrics();
  }

  /** The ids of a user's sessions, on all nodes. */
  async of(user: string): Promise<string[]> {
    check('the user of sessions.of(user)', userName, user);
    return this.#sessions.sessionsOf(user);
  }

  /**
   * Sends a message to a session, whichever node has it, and also while it has no handler. Resolves when the store has the message.
   * Rejects with a `SessionError`, `over`, or `full` if 1,024 messages wait for it already; and with another error if the store does
   * not answer. A handler that is killed after that and before its commit receives its own message again, and sends this one again.
   */
  async sendTo(session: string, message: Sendable): Promise<void> {
    check('the session of sessions.sendTo(session, message)', sessionId, session);
    try {
      await this.#sessions.sendTo(session, message);
    } catch (error) {
      throw fromCore(error, session);
    }
  }

  /** Ends all sessions of a user, on all nodes, with 4403, after which clients do not reconnect. */
  async revoke(user: string): Promise<void> {
    check('the user of sessions.revoke(user)', userName, user);
    await this.#sessions.revoke(user);
  }

  /** Rejects unless new connections are of use here: the server does not shut down, and its store answers within a second. */
  async ready(): Promise<void> {
    await this.#sessions.ready();
  }

  /**
   * Closes all connections with 1012, which has the clients come back, to another node or to this one when it is up again.
   * Handlers receive nothing more, and have `grace` to finish: what they commit is still stored, with its replies, and what they
   * `send` and `deliver` fails with `over`. Resolves when all is done. The client of a `RedisStore` is the app's to close.
   */
  async shutDown(): Promise<void> {
    // The timers of sessions keep no process alive, and nothing else might.
    const alive = setInterval(() => {}, LONGEST_TIMER);
    try {
      await this.#sessions.shutDown();
      await this.#store?.close();
    } finally {
      clearInterval(alive);
    }
  }

  /**
   * For adapters of other servers: whether the connection that begins with this request is accepted. `headers` has names
   * and values in turn. Returns the answer if it is refused.
   */
  admit(url: string, headers: string[], address: string | undefined): Admission | Rejection {
    const handler = this.#handler;
    if (!handler) return this.#refuse();
    try {
      return new Admission(this.#sessions.admit(url, headers, address), this.#sessions.mostBytes, handler);
    } catch (thrown) {
      if (thrown instanceof Error) throw thrown;
      return thrown as Rejection;
    }
  }

  /** Clients come back until the app has called `serve`. */
  #refuse(): Rejection {
    if (!this.#hasRefused)
      say(
        'error',
        'clients are refused with 503: nothing serves the sessions. Call sessions.serve(handler) before they come',
      );
    this.#hasRefused = true;
    return { status: 503, text: 'nothing serves the sessions yet' };
  }
}

const userName = { ...text, must: 'the name of a user, as authenticate returns it: a string' };
const sessionId = { ...text, must: 'the id of a session, its session.id' };

/** For adapters of other servers: a connection that is accepted, and not a WebSocket yet. */
export class Admission {
  #admission: ServerAdmission | undefined;
  readonly #handler: Handler;
  /** The subprotocol to answer, if any. */
  readonly protocol: string | undefined;
  /** The largest message that the client may send. */
  readonly mostBytes: number;

  /** @internal */
  constructor(admission: ServerAdmission, mostBytes: number, handler: Handler) {
    this.#admission = admission;
    this.#handler = handler;
    this.protocol = admission.protocol;
    this.mostBytes = mostBytes;
  }

  /**
   * The connection is a WebSocket now. Returns what is to be told of it. A session that begins on it is given this handler, by
   * default that of the sessions.
   */
  serve(socket: ServerWebSocket, handler = this.#handler): ServerConnection {
    const admission = this.#admission;
    if (!admission) throw new Error('Undrop: this connection is served or given up already');
    this.#admission = undefined;
    return admission.serve(socket, (session: ServerSession) => handled(handler, new Session(session)));
  }

  /** The connection is not made after all, unless it is served already. */
  cancel(): void {
    this.#admission?.free();
    this.#admission = undefined;
  }
}

/** For adapters of other servers: a WebSocket, as an adapter makes it of its server's. */
export interface ServerWebSocket {
  /** Writes a message: the bytes of a text, or any bytes. They are there until it returns. */
  send(bytes: Uint8Array, isText: boolean): void;
  ping(): void;
  /** Sends a close frame. */
  close(code: number | undefined, reason: string): void;
  /** Drops the TCP connection, if it is still there. */
  terminate(): void;
  /** Whether it takes one more message now. If not, `drained` of its connection is called when it does. */
  isReady(): boolean;
  /** Reads nothing more, or goes on. */
  pause(isPaused: boolean): void;
}

/** For adapters of other servers: what is told of a WebSocket. */
export interface ServerConnection {
  /** A message arrived: the bytes of a text, or any bytes. */
  message(bytes: Uint8Array, isText: boolean): void;
  /** A text arrived. */
  text(text: string): void;
  /** A ping or a pong arrived. */
  alive(): void;
  /** So many bytes are held of a message that is not there in whole: they count against the limits. */
  unfinished(bytes: number): void;
  /** The WebSocket takes messages again. */
  drained(): void;
  /** The client sent what can't be read: a message that is too large (1009), a text that is not UTF-8 (1007), or no frame. */
  unreadable(code: number): void;
  /** The WebSocket is closed: with this close frame of the client's, or without one (1006). */
  closed(code: number, reason: string): void;
}

/** `authenticate`, as the core calls it. */
const asked =
  (authenticate: NonNullable<SessionsOptions['authenticate']>) =>
  async (handshake: ServerHandshake): Promise<string | undefined> => {
    let user: string | undefined;
    try {
      user = await authenticate(new Handshake(handshake));
    } catch (error) {
      if (error instanceof Refused) throw error;
      say('error', `authenticate has thrown, and the client is told to try later: ${describe(error)}`);
      throw new Refused(1013, 'authentication failed');
    }
    if (user === undefined || (typeof user === 'string' && user !== '')) return user;
    const returned = user === '' ? 'an empty string' : user === null ? 'null' : typeof user;
    say('error', `authenticate returned ${returned}: return the name of a user, or undefined for an anonymous client`);
    throw new Refused(1013, 'authentication failed');
  };

/** Runs the app's handler. Rejects if that throws. */
const handled = async (handler: Handler, session: Session): Promise<void> => {
  try {
    await handler(session);
    if (session.isAwaited)
      say(
        'warn',
        `the handler of session ${session.id} has returned, which ends the session, while something waits for its next message: ` +
          'an await or a return is missing',
      );
  } catch (error) {
    if (isOver(error, session)) return;
    say('error', `the handler of session ${session.id} has thrown: ${describe(error)}`);
    throw error;
  } finally {
    session.release();
  }
};
