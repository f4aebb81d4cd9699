// The line as the browser has it: `new WebSocket`, and just enough around it to speak the room's language. It mends nothing
// and keeps nothing, as its users know it; that is what it is here for.

/** No code was given, as the browser has it too. */
const NO_CODE = 1005;
const STATES = ['connecting', 'open', 'closing', 'closed'];

export class PlainLine extends EventTarget {
  #socket;
  /** Ends what is heard of the socket. */
  #deafness = new AbortController();
  #handlers = new Map();
  #questions = new Map();
  #lastId = 0;
  #stats = { dials: 1, opens: 0, drops: {}, messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };

  constructor(url) {
    super();
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    const { signal } = this.#deafness;
    const listen = (type, listener) => this.#socket.addEventListener(type, listener, { signal });
    listen('open', () => {
      this.#stats.opens++;
      this.#tell(new Event('open'));
    });
    listen('message', ({ data }) => this.#take(data));
    listen('close', ({ code, reason, wasClean }) => this.#end(code, reason, wasClean));
  }

  get state() {
    return this.#deafness.signal.aborted ? 'closed' : STATES[this.#socket.readyState];
  }

  get bufferedAmount() {
    return this.#socket.bufferedAmount;
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
      // The browser's class takes what it will never send, and says nothing.
      if (this.state !== 'open') throw new DOMException('The line is not open.', 'NetworkError');
      const id = ++this.#lastId;
      this.#questions.set(id, { resolve, reject });
      this.send(JSON.stringify({ type, data, id }));
    });
  }

  send(data) {
    this.#socket.send(data);
    this.#stats.messagesOut++;
    this.#stats.bytesOut += data.size ?? data.byteLength ?? data.length;
  }

  /** It is over at once: on a dead line the browser's own `close` comes a minute later. */
  close() {
    this.#socket.close();
    if (this.state !== 'closed') this.#end(NO_CODE, '', false);
  }

  #end(code, reason, wasClean) {
    this.#deafness.abort();
    this.#stats.drops.close = 1;
    for (const { reject } of this.#questions.values()) reject(new DOMException('The line was lost.', 'NetworkError'));
    this.#questions.clear();
    this.#tell(new CloseEvent('close', { code, reason, wasClean }));
  }

  #take(data) {
    this.#stats.messagesIn++;
    this.#stats.bytesIn += data.byteLength ?? data.length;
    if (typeof data !== 'string') return this.#hear('binary', data);
    const message = JSON.parse(data);
    const question = this.#questions.get(message.id);
    if (!question) return this.#hear(message.type, message.data);
    this.#questions.delete(message.id);
    if (message.type === 'reply') question.resolve(message.data);
    else question.reject(Object.assign(new Error('refused'), { name: 'ReplyError', data: message.data }));
  }

  #hear(type, data) {
    for (const handler of this.#handlers.get(type) ?? []) handler(data, type);
  }

  #tell(event) {
    this.dispatchEvent(new Event('statechange'));
    this.dispatchEvent(event);
  }
}
