// The options of `Sessions`: what each of them may be. The core has the defaults.

import {
  aBoolean,
  aFunction,
  type Check,
  type Checks,
  checkOptions,
  isObject,
  listOf,
  milliseconds,
  oneOf,
  text,
  wholeNumber,
} from './checks.js';
import type { Handshake } from './handshake.js';
import { RedisStore } from './redis.js';

/** How many messages, and how many bytes of them. */
export interface Bounds {
  messages?: number | undefined;
  bytes?: number | undefined;
}

/** How much a client, and all clients together, may make the server hold. */
export interface Limits {
  /** How many sessions there may be on this node. Default: 100,000. */
  sessions?: number | undefined;
  /** How many sessions one user may have. Default: 32. */
  sessionsPerUser?: number | undefined;
  /** The same for the anonymous clients of one address. Default: 1,000. */
  sessionsPerAddress?: number | undefined;
  /** How much one session may have sent without an acknowledgement. Default: 65,536 messages and 16 MiB. */
  outbox?: Bounds | undefined;
  /** How many bytes all sessions together may have sent without an acknowledgement. Default: 1 GiB. */
  outboxes?: number | undefined;
  /** How many of those one user may have, or the anonymous clients of one address. Default: 128 MiB. */
  outboxesPerOwner?: number | undefined;
  /** How much one session may have received that its handler has not committed. Default: 1,024 messages and 4 MiB. */
  inbox?: Bounds | undefined;
  /** How many bytes all clients together may have sent that no handler has committed. Default: 512 MiB. */
  inboxes?: number | undefined;
  /** How many of those one user may have, or the anonymous clients of one address. Default: 64 MiB. */
  inboxesPerOwner?: number | undefined;
  /** How many connections there may be. Default: 120,000. */
  connections?: number | undefined;
  /** How many of those one address may have. Default: 4,000. */
  connectionsPerAddress?: number | undefined;
  /** The largest message that a client may send, in bytes. Default: 1 MiB. */
  messageBytes?: number | undefined;
  /** How many handshakes one address may make at once. Default: 1,000. */
  handshakeBurst?: number | undefined;
  /** How many per second after that. Default: 100. */
  handshakesPerSecond?: number | undefined;
}

/** The options of a server. Durations are milliseconds. */
export interface SessionsOptions {
  /**
   * Says whose a connection is, by its request: the user's name, or undefined for an anonymous client. Throws `Refused` to
   * refuse it. Default: every client is anonymous.
   */
  authenticate?: ((handshake: Handshake) => string | undefined | Promise<string | undefined>) | undefined;
  /** Where the sessions are kept. Default: in this process. */
  store?: RedisStore | undefined;
  /** What the metrics of these sessions have as their label `sessions`, where a process has several. Default: `'default'`. */
  name?: string | undefined;
  /** Whether there is a line in the log when a session begins, resumes and ends. Default: true. */
  logSessions?: boolean | undefined;
  /** How long a session lives without a connection. Default: 120,000. */
  timeToLive?: number | undefined;
  /** Over how long the clients spread when all have to reconnect, or how many may come back a second. Default: `{ rate: 1_000 }`. */
  spread?: number | { rate: number } | undefined;
  /** How long a client may be silent before it is sent a ping. Default: 30,000. */
  idle?: number | undefined;
  /** How long a client has to answer the ping. Then its connection is dropped. Default: 10,000. */
  probe?: number | undefined;
  /** How long a client has to authenticate and to say which session it wants, and the store to answer then. Default: 10,000. */
  greeting?: number | undefined;
  /** How long a client has to answer a close frame. Default: 5,000. */
  closeTimeout?: number | undefined;
  /** How long the handlers have to finish when the server shuts down. Default: 10,000. */
  grace?: number | undefined;
  /** Which pages may connect: those of this server, those of these origins as well, or all. Default: `'same'`. */
  origins?: 'same' | 'any' | string[] | undefined;
  /** How many proxies stand in front that append the client's address to which header. Default: none. */
  proxies?: { xForwardedFor: number } | { forwarded: number } | undefined;
  /** Which headers of its handshake a session keeps. Default: none. */
  keptHeaders?: string[] | undefined;
  /** The app's own subprotocols, in the order of preference. Default: none. */
  protocols?: string[] | undefined;
  /** What happens to a client that does not offer the protocol: it is refused, or served without a session. Default: `'refuse'`. */
  plainConnections?: 'refuse' | 'serve' | undefined;
  /** The limits. */
  limits?: Limits | undefined;
}

/** Throws a `TypeError` for an option that can't be one, and warns of those that there are not. */
export const checkSessionsOptions = (options: unknown): void =>
  checkOptions('the options of Sessions', OPTIONS, options);

const number32 = wholeNumber(0, 2 ** 32 - 1);
/** The core counts most of them in 32 bits. */
const count = wholeNumber(1, 2 ** 32 - 1);
/** A name, as HTTP has them. <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2> */
const isToken = (name: string) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name);

/** What a browser sends in the header `Origin`: any other text would refuse every page. */
const isOrigin = (origin: string): boolean => {
  if (origin === 'null') return true;
  // Pages of apps and extensions have schemes of their own, whose origins a URL does not tell.
  if (!/^https?:/i.test(origin)) return /^[a-z][\w+.-]*:\/\/[^/?#\s]+$/i.test(origin);
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase();
};

const isOneHeader = (proxies: unknown) => {
  if (!isObject(proxies)) return false;
  const [[name, hops] = [], ...others] = Object.entries(proxies).filter(([, value]) => value !== undefined);
  return (name === 'xForwardedFor' || name === 'forwarded') && others.length === 0 && number32.fits(hops);
};

const origins: Check = {
  must: "'same', 'any', or an array of origins such as 'https://example.org', which have a scheme, no path and no slash at the end",
  fits: (value) => value === 'same' || value === 'any' || listOf('origins', isOrigin).fits(value),
};
const spread: Check = {
  must: 'a number of milliseconds from 0, or how many clients a second as { rate: 1000 }',
  fits: (value) => milliseconds.fits(value) || (isObject(value) && number32.fits(value.rate)),
};
const proxies: Check = {
  must: 'how many proxies append to which header, { xForwardedFor: 1 } or { forwarded: 1 }',
  fits: isOneHeader,
};
const store: Check = {
  must: 'a RedisStore, as new RedisStore(client) makes it',
  fits: (value) => value instanceof RedisStore,
};

const bounds = {
  group: { messages: count, bytes: wholeNumber(1, Number.MAX_SAFE_INTEGER) } satisfies Record<keyof Bounds, Check>,
};

const limits = {
  group: {
    sessions: count,
    sessionsPerUser: count,
    sessionsPerAddress: count,
    outbox: bounds,
    outboxes: count,
    outboxesPerOwner: count,
    inbox: bounds,
    inboxes: count,
    inboxesPerOwner: count,
    connections: count,
    connectionsPerAddress: count,
    messageBytes: count,
    handshakeBurst: count,
    handshakesPerSecond: count,
  } satisfies Record<keyof Limits, Checks[string]>,
};

const OPTIONS = {
  authenticate: aFunction,
  store,
  name: text,
  logSessions: aBoolean,
  timeToLive: milliseconds,
  spread,
  idle: milliseconds,
  probe: milliseconds,
  greeting: milliseconds,
  closeTimeout: milliseconds,
  grace: milliseconds,
  origins,
  proxies,
  keptHeaders: listOf('names of headers', isToken),
  protocols: listOf('names of subprotocols, which have no spaces and no commas', isToken),
  plainConnections: oneOf('refuse', 'serve'),
  limits,
} satisfies Record<keyof SessionsOptions, Checks[string]>;
