// The request that a connection begins with.

/** The request that a connection begins with. */
export class Handshake {
  /** The path and the query. */
  readonly url: string;
  /** Its headers: all of them in `authenticate`; for a session those of the option `keptHeaders`. */
  readonly headers: Headers;
  /** The client's address, if it is known: that of its connection, or what the option `proxies` names. */
  readonly address: string | undefined;
  /** The app's own subprotocol that was chosen, if any. */
  readonly protocol: string | undefined;

  /** @internal */
  constructor([url, headers, address, protocol]: [string, [string, string][], string?, string?]) {
    this.url = url;
    this.headers = new Headers(headers);
    this.address = address;
    this.protocol = protocol;
  }

  /** A parameter of the query, decoded. */
  query(name: string): string | undefined {
    return new URL(this.url, 'ws://server').searchParams.get(name) ?? undefined;
  }

  /** A cookie's value. */
  cookie(name: string): string | undefined {
    for (const pair of (this.headers.get('cookie') ?? '').split(/[;,]\s*/)) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === name)
        return pair
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1');
    }
    return undefined;
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
