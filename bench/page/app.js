// What the application makes of a message, the same for all contenders: text is parsed, a handler looked up by the
// message's type and called. A contender that does one of these by itself calls what comes after it.

export class App {
  heard = 0;
  opens = 0;
  #goal = -1;
  #reached;
  #openGoal = -1;
  #opened;
  #handlers;

  /** The types of messages that it has handlers for. */
  constructor(types = ['tick']) {
    this.types = types;
    this.#handlers = new Map(types.map((type) => [type, (data) => this.tick(data)]));
  }

  hear(data) {
    if (typeof data === 'string') this.message(JSON.parse(data));
    else this.tick(data);
  }

  message({ type, data }) {
    this.#handlers.get(type)?.(data);
  }

  tick() {
    if (++this.heard === this.#goal) this.#reached();
  }

  opened() {
    if (++this.opens === this.#openGoal) this.#opened();
  }

  /** Resolves when so many more messages were heard. */
  hears(count) {
    this.#goal = this.heard + count;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  /** Resolves when the line has opened once more. */
  opensAgain() {
    this.#openGoal = this.opens + 1;
    return new Promise((resolve) => {
      this.#opened = resolve;
    });
  }
}
