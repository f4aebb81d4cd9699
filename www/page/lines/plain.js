// The line as the browser has it: `new WebSocket`, and just enough around it to speak the room's language. It mends nothing
// and keeps nothing, as its users know it; that is what it is here for.

const STATES = ['connecting', 'open', 'closing', 'closed'];

export class PlainLine extends EventTarget {
  #socket;
  #handlers = new Map();
  #questions = new Map();
  #lastId = 0;
  #stats = { dials: 1, opens: 0, drops: {}, messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };

  constructor(url) {
    super();
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => {
      this.#stats.opens++;
      this.#tell(new Event('open'));
    });
    this.#socket.addEventListener('message', ({ data }) => this.#take(data));
    this.#socket.addEventListener('close', ({ code, reason, wasClean }) => {
      this.#stats.drops.close = 1;
      for (const { reject } of this.#questions.values()) reject(new DOMException('The line was lost.', 'NetworkError'));
      this.#questions.clear();
      this.#tell(new CloseEvent('close', { code, reason, wasClean }));
    });
  }

  get state() {
    return STATES[this.#socket.readyState];
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

  close() {
    this.#socket.close();
    this.#tell();
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
    if (event) this.dispatchEvent(event);
  }
}
