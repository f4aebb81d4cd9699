// The options of a socket. `src/js/options.rs` checks them and has the defaults.

/** Why a connection dropped. */
export type Cause = 'close' | 'heartbeat' | 'timeout' | 'url' | 'authenticate' | 'wake' | 'reconnect';

/** A connection that dropped, as `retry` and the `drop` event see it. */
export interface Drop {
  /**
   * - `close`: the native socket closed, or its handshake failed;
   * - `heartbeat`: the server did not answer;
   * - `timeout`: the handshake, or `authenticate`, took longer than `connectTimeout`;
   * - `url`: the function for the URL or the subprotocols failed;
   * - `authenticate`: the function that authenticates failed;
   * - `wake`: after a sleep, or with the network back, the server did not answer;
   * - `reconnect`: the page asked for a new connection.
   */
  readonly cause: Cause;
  /** The close code; 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
  /** The number of the next attempt, as `retry.limit` counts. */
  readonly attempt: number;
  /** The delay before it, in milliseconds. */
  readonly delay: number;
  /** What the function for the URL, the subprotocols or `authenticate` has thrown. */
  readonly error?: unknown;
}

/**
 * Decides about a connection that dropped: `false` closes, `true` reconnects, a number reconnects after so many
 * milliseconds, and `undefined` leaves it as it would be. Nothing reconnects beyond `retry.limit`.
 */
export type Decide = (drop: Drop) => boolean | number | undefined;

/** How a connection that dropped reconnects. */
export interface Retry {
  /**
   * How many attempts may fail in a row, with no connection that lasted in between; then it closes.
   *
   * @default no limit
   */
  limit?: number | undefined;
  /**
   * The first delay is drawn from 0 to this, in milliseconds; the range of each further delay is twice as wide.
   *
   * @default 5000
   */
  first?: number | undefined;
  /**
   * The widest range, in milliseconds.
   *
   * @default 30000
   */
  cap?: number | undefined;
  /**
   * How long a connection must have been open for the next delay to be a first one again, in milliseconds.
   *
   * @default 5000
   */
  resetAfter?: number | undefined;
  decide?: Decide | undefined;
}

/** What may be queued while the connection is not open. */
export interface Queue {
  /**
   * How many messages.
   *
   * @default 65536
   */
  messages?: number | undefined;
  /**
   * How many bytes.
   *
   * @default 16777216
   */
  bytes?: number | undefined;
  /**
   * How long each message, in milliseconds.
   *
   * @default for ever
   */
  timeToLive?: number | undefined;
  /**
   * What happens to a message that is too many: `send` throws (`refuse`), or the oldest messages make room, each with a
   * `lost` event (`drop-oldest`).
   *
   * @default 'refuse'
   */
  overflow?: 'refuse' | 'drop-oldest' | undefined;
}

/** How a silent connection is found to be dead. The messages are agreed with the server. */
export interface Heartbeat {
  /**
   * How often the connection is checked, in milliseconds. A ping is sent if nothing has arrived since the last check.
   *
   * @default 25000
   */
  interval?: number | undefined;
  /**
   * How long the connection may stay silent after a ping, in milliseconds.
   *
   * @default 10000
   */
  timeout?: number | undefined;
  /** The ping: what to send. */
  message: string | ArrayBuffer | (() => string | ArrayBuffer);
  /**
   * The pong: what the server answers. It is not delivered. Without it any message counts as an answer, and round trips
   * are not measured.
   */
  reply?: string | ((data: unknown) => boolean) | undefined;
}

/** A connection that is open and on which nothing was sent yet. */
export interface Connection {
  /** Sends at once. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void;
  /** Resolves with the data of the next message. Rejects when the connection is over. */
  receive(): Promise<unknown>;
  /** Aborted when the connection is over, and when `authenticate` has returned. */
  readonly signal: AbortSignal;
}

/** Says on a connection who the page is, and waits for the answer. */
export type Authenticate = (connection: Connection) => unknown;

export interface UndropOptions {
  /**
   * What ends the socket, besides you. For a client that takes a class, and makes a new socket when one has closed:
   *
   * - `'connection'`: a connection that drops closes the socket. Nothing reconnects, as with `retry: false`, but
   *   `connectTimeout` and `closeTimeout` hold: a connection that is dead, or does not open or close in time, is a `close`
   *   then, whatever the browser says.
   *
   * @default none
   */
  lifetime?: 'connection' | undefined;
  /**
   * What happens when the connection drops. `true`: it reconnects, unless the close code is final (1000, 1002, 1003,
   * 1007-1010, 4400-4499). `false`: it closes, as with the browser's own class.
   *
   * @default true
   */
  retry?: boolean | Retry | Decide | undefined;
  /**
   * Called for each connection before anything else is sent; `open` follows when it has returned, or its promise is
   * fulfilled. When it fails, or the connection is over meanwhile, what is queued stays. Not with `resume`.
   */
  authenticate?: Authenticate | undefined;
  /**
   * How long a handshake may take, in milliseconds, and `authenticate` as long again. With `retry: false` the handshake is
   * the browser's affair.
   *
   * @default 10000
   */
  connectTimeout?: number | undefined;
  /**
   * How long the server may take to answer `close()`, in milliseconds. A connection that is suspected to be dead closes at
   * once; with `retry: false` that is the browser's affair.
   *
   * @default 5000
   */
  closeTimeout?: number | undefined;
  /**
   * What may be queued while the connection is not open. `false`: `send` throws then, as the standard has it.
   *
   * @default true with `retry`, `false` without
   */
  queue?: boolean | Queue | undefined;
  heartbeat?: Heartbeat | false | undefined;
  /** Aborting it is like `close()`. */
  signal?: AbortSignal | undefined;
}

/** Why a session is over, and a new one has begun. */
export interface Reset {
  /**
   * - `unknown`: the server has no such session: it has expired, or it was kept in the memory of a server that ended;
   * - `store-lost`: the server's store has lost a part of the session.
   */
  readonly reason: 'unknown' | 'store-lost';
}

/** What may be unacknowledged, and who is told of a reset. */
export interface Resume {
  /**
   * How many bytes may be sent and not yet acknowledged; text counts by its length. What is more is refused.
   *
   * @default 16777216
   */
  limitBytes?: number | undefined;
  /**
   * How many messages.
   *
   * @default 65536
   */
  limitMessages?: number | undefined;
  /**
   * The session is over, and a new one has begun: called before its `open`, and after `lost` has handed back each message
   * of the old one that was not acknowledged. What is sent from here on is sent in the new session.
   */
  onReset?: ((reset: Reset) => void) | undefined;
}

/** Options without `resume`: those of `undrop`. */
export interface OptionsWithoutSession extends UndropOptions {
  resume?: false | undefined;
}

interface KeepsSession extends Omit<UndropOptions, 'authenticate' | 'lifetime' | 'retry' | 'queue' | 'heartbeat'> {
  /** It must reconnect. */
  retry?: true | Retry | Decide | undefined;
  /** A session begins with frames of its own: have the URL carry the token. */
  authenticate?: undefined;
  /** `resume` has limits of its own. */
  queue?: undefined;
  /** The messages are the protocol's own. It is on unless it is `false`. */
  heartbeat?: SessionHeartbeat | false | undefined;
}

export interface OptionsWithSession extends KeepsSession {
  /**
   * Keeps a session with a server that speaks `undrop.1`: what is sent arrives exactly once and in order, over any number
   * of connections.
   */
  resume: true | Resume;
  lifetime?: 'session' | undefined;
}

/** Options of a socket that lives as long as its session. */
export interface OptionsForSession extends KeepsSession {
  /**
   * A session that can't be resumed closes the socket, after `onReset`. As long as the session goes on, `open` is fired
   * once, and `readyState` is `OPEN` also while the connection is down. For a client that takes a class, and makes a new
   * socket when one has closed.
   */
  lifetime: 'session';
  resume?: true | Resume | undefined;
}

/** How a silent connection of a session is found to be dead. */
export type SessionHeartbeat = Pick<Heartbeat, 'interval' | 'timeout'> & { message?: undefined; reply?: undefined };

/** Without `resume` it is the socket of `undrop`. */
export type SessionOptions = OptionsWithoutSession | OptionsWithSession | OptionsForSession;
