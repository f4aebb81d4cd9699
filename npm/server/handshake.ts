// The request that a connection begins with.

import type { ServerHandshake } from '#wasm/server';
import { type Check, check, text } from './checks.js';
import { core } from './core.js';

const closeCode: Check = {
  must: 'a close code, such as 4403: from 1000 to 1003, 1007 to 1014, or 3000 to 4999',
  fits: (code) => typeof code === 'number' && core().isCloseCode(code),
};

/** The request that a connection begins with. */
export class Handshake {
  readonly #handshake: ServerHandshake;
  /** Its headers: all of them in `authenticate`; for a session those of the option `keptHeaders`. */
  readonly headers: Headers;

  /** @internal */
  constructor(handshake: ServerHandshake) {
    this.#handshake = handshake;
    this.headers = new Headers(handshake.headers);
  }

  /** The path and the query. */
  get url(): string {
    return this.#handshake.url;
  }

  /** The client's address, if it is known: that of its connection, or what the option `proxies` names. */
  get address(): string | undefined {
    return this.#handshake.address;
  }

  /** The app's own subprotocol that was chosen, if any. */
  get protocol(): string | undefined {
    return this.#handshake.protocol;
  }

  /** A parameter of the query, decoded. */
  query(name: string): string | undefined {
    check('the name of handshake.query(name)', text, name);
    return this.#handshake.query(name);
  }

  /** A cookie's value; undefined in a handler, unless `keptHeaders` has `cookie`. Who the user is says `session.user`. */
  cookie(name: string): string | undefined {
    check('the name of handshake.cookie(name)', text, name);
    return this.#handshake.cookie(name);
  }
}

/**
 * Thrown by `authenticate`, it refuses a connection. A page can't tell a refused handshake from a broken network, and would
 * connect again for ever; so the connection is accepted, and closed with a code that says not to.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** The close code. The client does not reconnect after one from 4400 to 4499. */
  readonly code: number;
  /** The close reason, of at most 123 bytes: a longer one is cut. */
  readonly reason: string;

  constructor(code: number, reason: string) {
    check('the code of new Refused(code, reason)', closeCode, code);
    check('the reason of new Refused(code, reason)', text, reason);
    super(`refused with ${code} ${reason}`);
    this.code = code;
    this.reason = reason;
  }

  /** The app does not know the client: 4401. */
  static unauthorized(): Refused {
    return new Refused(4401, 'unauthorized');
  }

  /**
   * The cookie or the token of the client has expired, and it can get another one: 4003. The client keeps what it has not
   * delivered, and connects again, to what its function for the URL returns then.
   */
  static expired(): Refused {
    return new Refused(4003, 'expired');
  }
}
