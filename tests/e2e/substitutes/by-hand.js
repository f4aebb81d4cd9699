// A native class as a page may write it: its events are made and dispatched by a script.

globalThis.WebSocket = class WebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  readyState = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  bufferedAmount = 0;
  #handlers = {};

  constructor(url) {
    super();
    this.url = `${url}`;
    setTimeout(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event('open'));
    });
  }

  /** Echoes, but for `end`, at which it closes like a server. */
  send(data) {
    setTimeout(() => {
      if (data === 'end') this.#end(1011);
      else this.dispatchEvent(new MessageEvent('message', { data }));
    });
  }

  close(code = 1005) {
    if (this.readyState > 1) return;
    this.readyState = 2;
    setTimeout(() => this.#end(code));
  }

  #end(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent('close', { code, wasClean: true }));
  }

  #handle(type, handler) {
    this.removeEventListener(type, this.#handlers[type]);
    this.#handlers[type] = handler;
    if (handler) this.addEventListener(type, handler);
  }

  set onopen(handler) {
    this.#handle('open', handler);
  }

  set onmessage(handler) {
    this.#handle('message', handler);
  }

  set onerror(handler) {
    this.#handle('error', handler);
  }

  set onclose(handler) {
    this.#handle('close', handler);
  }
};
