// A client of ws that has a session: the least that speaks `undrop.1`, on one connection, with the interface of ws.

import { createRequire } from 'node:module';

const WebSocket = createRequire(import.meta.url)('ws');

const ESCAPE = '\x10';

export class SessionClient extends WebSocket {
  #received = 0;
  /** What `close()` was called with, once this end has sent `end`. */
  #closing;
  #isParting = false;

  constructor(address, protocols, options) {
    const isOptions = typeof protocols === 'object' && protocols !== null && !Array.isArray(protocols);
    const [names, settings] = isOptions ? [[], protocols] : [[protocols ?? []].flat(), options];
    super(address, names.length > 0 ? names.map((name) => `undrop.1+${name}`) : ['undrop.1'], settings);
  }

  get protocol() {
    return super.protocol.replace(/^undrop\.1\+?/, '');
  }

  get readyState() {
    const state = super.readyState;
    return state === WebSocket.OPEN && this.#isEnding ? WebSocket.CLOSING : state;
  }

  get #isEnding() {
    return this.#closing !== undefined || this.#isParting;
  }

  emit(name, ...args) {
    if (name === 'open') this.#say('new');
    else if (name === 'message') return this.#hear(...args);
    else return super.emit(name, ...args);
    return true;
  }

  send(data, ...rest) {
    super.send(typeof data === 'string' && data.startsWith(ESCAPE) ? ESCAPE + data : data, ...rest);
  }

  close(code, reason) {
    // ws answers the server's close frame by this function.
    if (this._closeFrameReceived) this.#isParting = false;
    if (this._closeFrameReceived || this.readyState !== WebSocket.OPEN) return super.close(code, reason);
    this.#closing = [code, reason];
    this.#say('end');
  }

  #hear(data, isBinary) {
    const text = isBinary ? '' : data.toString();
    if (text.startsWith(ESCAPE) && text[1] !== ESCAPE) return this.#obey(...text.slice(1).split(' '));
    if (this.#isEnding) return true;
    this.#received++;
    this.#say(`ack ${this.#received}`);
    return super.emit('message', text.startsWith(ESCAPE) ? data.subarray(1) : data, isBinary);
  }

  #obey(name, argument) {
    if (name === 'welcome') return super.emit('open');
    if (name === 'ping') this.#say(`pong ${argument}`);
    if (name !== 'end') return true;
    if (this.#closing) {
      const [code, reason] = this.#closing;
      this.#closing = undefined;
      super.close(code, reason);
    } else {
      // The server closes the connection.
      this.#say('end');
      this.#isParting = true;
    }
    return true;
  }

  /** Sends a control frame, whatever the state. */
  #say(text) {
    this._sender.send(ESCAPE + text, { binary: false, compress: false, fin: true, mask: true });
  }
}
