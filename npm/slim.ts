import * as core from '#wasm/plain';
import type { Given } from './conversions.js';
import type { Events } from './events.js';
import type { UndropOptions } from './options.js';
import { ready } from './ready.js';
import { type AddListener, begin, define, type RemoveListener, type Socket } from './socket.js';

// Where there is no browser there is nothing to load; and the first `new Undrop` reports a failure.
const module = await WebAssembly.compileStreaming(fetch(new URL('./undrop.wasm', import.meta.url))).catch(
  (error: unknown) => error,
);

const load = ready(core, () => {
  if (module instanceof WebAssembly.Module) return module;
  throw module;
});

/**
 * A drop-in for the browser's `WebSocket`: the same constructor, properties, methods and events.
 *
 * ```js
 * const socket = new Undrop('wss://example.org/room');
 * socket.onmessage = (event) => console.log(event.data);
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: `define` adds what the interface says.
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
   * const Closed = Undrop.with({ lifetime: 'connection', heartbeat: { message: 'ping', reply: 'pong' } });
   * ```
   */
  declare static readonly with: (defaults: UndropOptions) => typeof Undrop;

  /**
   * @param url - Absolute, or relative to the page; `http:` and `https:` mean `ws:` and `wss:`.
   * @param protocols - The subprotocols to offer, the most wanted first.
   * @throws SyntaxError (DOMException) when the URL or a subprotocol can't be one.
   * @throws TypeError when an option can't be one.
   */
  constructor(url: Given<string | URL>, protocols: Given<string | Iterable<string>> = [], options: UndropOptions = {}) {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter that is undefined and one that is missing differ here.
    begin(this, load, arguments, url, protocols, options);
  }
}

export interface Undrop extends Omit<Socket, 'addEventListener' | 'removeEventListener'> {
  addEventListener: AddListener<Events, Undrop>;
  removeEventListener: RemoveListener<Events, Undrop>;
}

define(Undrop);

export type * from './public-plain.js';
export type { Stats } from './socket.js';
export { Undrop as default };
