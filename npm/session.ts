import * as core from '#wasm/session';
import bytes from '#wasm/session/bytes';
import type { Given } from './conversions.js';
import type { SessionEvents } from './events.js';
import type { SessionOptions } from './options.js';
import { ready } from './ready.js';
import { type SessionStats, type Sessions, sessions } from './sessions.js';
import { type AddListener, begin, define, type RemoveListener, type Socket } from './socket.js';

const load = ready(core, () => new WebAssembly.Module(bytes()));

/**
 * The same socket, which with `resume` loses nothing.
 *
 * ```ts
 * import { Undrop } from 'undrop/session';
 *
 * const socket = new Undrop('wss://example.org/room', [], { resume: true });
 * socket.onopen = () => console.log('a new session');
 * socket.onresume = () => console.log('the connection is back, and nothing was lost');
 * await socket.deliver('hello');
 * ```
 */
export class Undrop extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;

  /**
   * Returns a class like this one, for what makes its sockets itself and passes no options: these are the options of each
   * socket, unless its constructor is given others. They are not merged: a `heartbeat` replaces the other one.
   *
   * ```js
   * const Resumed = Undrop.with({ lifetime: 'session' });
   * ```
   */
  declare static readonly with: (defaults: SessionOptions) => typeof Undrop;

  /** @throws TypeError when an option can't be one, or does not go with `resume`. */
  constructor(
    url: Given<string | URL>,
    protocols: Given<string | Iterable<string>> = [],
    options: SessionOptions = {},
  ) {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
    begin(this, load, arguments, url, protocols, options);
  }
}

export interface Undrop
  extends Omit<Socket, 'stats' | 'onlost' | 'onerror' | 'addEventListener' | 'removeEventListener'>,
    Sessions {
  readonly stats: SessionStats;
  addEventListener: AddListener<SessionEvents, Undrop>;
  removeEventListener: RemoveListener<SessionEvents, Undrop>;
}

define(Undrop, sessions);

export type * from './public-sessions.js';
export { Undrop as default };
