// What a line may be asked to do beyond the standard, and the numbers that the core gets of it.

import type { Mailbox } from './mailbox.js';

/** Why a line was lost. */
export type Cause = 'close' | 'heartbeat' | 'timeout' | 'url' | 'wake' | 'reconnect';

/** A line that was lost, as `retry` and the `drop` event see it. */
export interface Drop {
  /**
   * - `close`: the socket closed, or its handshake failed;
   * - `heartbeat`: the server did not answer;
   * - `timeout`: the dial took longer than `connectTimeout`;
   * - `url`: the function that gives the URL or the subprotocols failed;
   * - `wake`: after a sleep, or with the network back, the server did not answer;
   * - `reconnect`: the page asked for a new line.
   */
  readonly cause: Cause;
  /** The close code; 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
  /** The number of the next dial, counted from the last line that held. */
  readonly attempt: number;
  /** The wait before it, in milliseconds. */
  readonly delay: number;
}

/**
 * Decides about a lost line: `false` gives it up, `true` dials again, a number dials after so many milliseconds, and
 * nothing leaves it as it would be.
 */
export type Decide = (drop: Drop) => boolean | number | undefined;

/** How a lost line is dialled again. Milliseconds throughout. */
export interface Retry {
  /** How many losses in a row, with no line that held in between, end it. No limit unless given. */
  limit?: number;
  /** The window that the first wait after a loss is drawn from; each further one is twice as wide. 5,000. */
  first?: number;
  /** The widest window. 30,000. */
  cap?: number;
  /** How long a line must have held for the next loss to start anew. 5,000. */
  resetAfter?: number;
  decide?: Decide;
}

/** What may wait while the line is down. */
export interface Queue {
  /** How many messages. 65,536. */
  messages?: number;
  /** How many bytes. 16 MiB. */
  bytes?: number;
  /** How long each, in milliseconds. For ever unless given. */
  timeToLive?: number;
  /** What happens to one too many: `send` throws (`refuse`), or the oldest goes, with a `lost` event (`drop-oldest`). */
  overflow?: 'refuse' | 'drop-oldest';
}

/** How a silent line is found out. Its form is agreed with the server. */
export interface Heartbeat {
  /** How often the line is looked at, in milliseconds. If it has been silent since the last look, the server is asked. 25,000. */
  interval?: number;
  /** How long it may then stay silent, in milliseconds. 10,000. */
  timeout?: number;
  /** What to send. */
  message: string | ArrayBuffer | (() => string | ArrayBuffer);
  /** What the server answers. It is not delivered. Without it any message will do, and round trips are not measured. */
  reply?: string | ((data: unknown) => boolean);
}

export interface UndropOptions {
  /**
   * What becomes of a lost line. `true` and nothing: it is dialled again, unless the close code is final (1000, 1002,
   * 1003, 1007-1010, 4400-4499). `false`: it stays lost, as with the browser's own class.
   */
  retry?: boolean | Retry | Decide;
  /** How long a dial may take, in milliseconds. 10,000. Without `retry` that is the browser's affair. */
  connectTimeout?: number;
  /** What may wait while the line is down. `false`, as without `retry`: `send` then throws, as the standard has it. */
  queue?: boolean | Queue;
  heartbeat?: Heartbeat;
  /** Aborting it is like `close()`. */
  signal?: AbortSignal;
  /**
   * Keeps what is sent over a session, within the limits of the queue.
   *
   * @internal
   */
  mailbox?: Mailbox;
}

const MOST = 2 ** 32 - 1;

/** As in `src/export/line.rs`. */
const KEEPS_SESSION = 4;

/** Numbers of `options` that the core can take. */
const parse =
  (group: string, options: object) =>
  (name: string, usual: number, least = 0): number => {
    const given: unknown = (options as Record<string, unknown>)[name];
    if (given === undefined) return usual;
    if (typeof given === 'number' && given >= least) return Math.min(given, MOST);
    throw new TypeError(`Undrop: ${group}${name} must be a number from ${least}, not ${String(given)}.`);
  };

/** The last parameters of `Line`, in its order. */
export const parseOptions = (options: UndropOptions) => {
  const { retry = true, queue = !!retry, heartbeat } = options;
  const retries = parse('retry.', Object(retry));
  const queues = parse('queue.', Object(queue));
  const beats = parse('heartbeat.', Object(heartbeat));
  return [
    (retry ? (decision(retry) ? 2 : 1) : 0) + (SESSION && options.mailbox ? KEEPS_SESSION : 0),
    retries('limit', MOST),
    retries('first', 5e3),
    retries('cap', 3e4),
    retries('resetAfter', 5e3),
    parse('', options)('connectTimeout', 1e4, 1),
    queue ? queues('messages', 65536, 1) : 0,
    queues('bytes', 2 ** 24),
    queues('timeToLive', 0, 1),
    (queue as Queue).overflow === 'drop-oldest',
    heartbeat ? beats('interval', 25e3, 1) : 0,
    beats('timeout', 1e4, 1),
  ] as const;
};

export const decision = (retry: UndropOptions['retry']): Decide | undefined =>
  typeof retry === 'function' ? retry : Object(retry).decide;
