// The browser's own socket: `new WebSocket`, with as much around it as the chat's protocol needs. It neither reconnects nor
// queues, so that the page shows what happens without undrop.

/** The close code when none was received: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
const NO_CODE = 1005;
const STATES = ['connecting', 'open', 'closing', 'closed'];

export class PlainSocket extends EventTarget {
  #native;
  /** Removes the listeners of the native socket. */
  #listening = new AbortController();
  #handlers = new Map();
  #requests = new Map();
  #lastId = 0;
  #stats = { attempts: 1, opens: 0, drops: {}, messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };

  constructor(url) {
    super();
    this.#native = new WebSocket(url);
    this.#native.binaryType = 'arraybuffer';
    const { signal } = this.#listening;
    const listen = (type, listener) => this.#native.addEventListener(type, listener, { signal });
    listen('open', () => {
      this.#stats.opens++;
      this.#fire(new Event('open'));
    });
    listen('message', ({ data }) => this.#take(data));
    listen('close', ({ code, reason, wasClean }) => this.#end(code, reason, wasClean));
  }

  get state() {
    return this.#listening.signal.aborted ? 'closed' : STATES[this.#native.readyState];
  }

  get bufferedAmount() {
    return this.#native.bufferedAmount;
  }

  get stats() {
    return this.#stats;
  }

  on(type, handler) {
    const handlers = this.#handlers.get(type) ?? [];
    this.#handlers.set(type, [...handlers, handler]);
  }

  emit(type, data) {
    this.send(JSON.stringify({ type, data }));
  }

  request(type, data) {
    return new Promise((resolve, reject) => {
      // A closed WebSocket discards messages without an error.
      if (this.state !== 'open') throw new DOMException('The socket is not open.', 'NetworkError');
      const id = ++this.#lastId;
      this.#requests.set(id, { resolve, reject });
      this.send(JSON.stringify({ type, data, id }));
    });
  }

  send(data) {
    this.#native.send(data);
    this.#stats.messagesOut++;
    this.#stats.bytesOut += data.size ?? data.byteLength ?? data.length;
  }

  /** Fires `close` at once: on a dead connection the browser's own `close` event comes a minute later. */
  close() {
    this.#native.close();
    if (this.state !== 'closed') this.#end(NO_CODE, '', false);
  }

  #end(code, reason, wasClean) {
    this.#listening.abort();
    this.#stats.drops.close = 1;
    for (const { reject } of this.#requests.values())
      reject(new DOMException('The connection was lost.', 'NetworkError'));
    this.#requests.clear();
    this.#fire(new CloseEvent('close', { code, reason, wasClean }));
  }

  #take(data) {
    this.#stats.messagesIn++;
    this.#stats.bytesIn += data.byteLength ?? data.length;
    if (typeof data !== 'string') return this.#receive('binary', data);
    const message = JSON.parse(data);
    const request = this.#requests.get(message.id);
    if (!request) return this.#receive(message.type, message.data);
    this.#requests.delete(message.id);
    if (message.type === 'reply') request.resolve(message.data);
    else request.reject(Object.assign(new Error('refused'), { name: 'ReplyError', data: message.data }));
  }

  #receive(type, data) {
    for (const handler of this.#handlers.get(type) ?? []) handler(data, type);
  }

  #fire(event) {
    this.dispatchEvent(new Event('statechange'));
    this.dispatchEvent(event);
  }
}
