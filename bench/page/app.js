// What the application does with a message, the same for all contenders: it parses text, looks a handler up by the message's
// type, and calls it. A contender that does one of these steps itself calls the next one.

export class App {
  received = 0;
  opens = 0;
  #goal = -1;
  #reached;
  #openGoal = -1;
  #opened;
  #handlers;

  /** `types`: the types of messages that it has handlers for. */
  constructor(types = ['tick']) {
    this.types = types;
    this.#handlers = new Map(types.map((type) => [type, (data) => this.tick(data)]));
  }

  receive(data) {
    if (typeof data === 'string') this.message(JSON.parse(data));
    else this.tick(data);
  }

  message({ type, data }) {
    this.#handlers.get(type)?.(data);
  }

  tick() {
    if (++this.received === this.#goal) this.#reached();
  }

  opened() {
    if (++this.opens === this.#openGoal) this.#opened();
  }

  /** Resolves when so many more messages have been received. */
  receives(count) {
    this.#goal = this.received + count;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  /** Resolves when the connection has opened once more. */
  opensAgain() {
    this.#openGoal = this.opens + 1;
    return new Promise((resolve) => {
      this.#opened = resolve;
    });
  }
}
