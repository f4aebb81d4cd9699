// What this page has to do with its room: joining it after each `open`, saying something, and hearing what is said.
//
// A message that was on its way when the line was lost may have arrived or not. Without a session nobody can know, so each has
// a key, is sent again, and is taken once by the server. On a line that mends nothing it stays undelivered. With a session all
// that is the line's business, until the session itself is lost.

import { newKey } from '../random.js';

/** Fires `joined`, `chat`, `people`, `typing` and `refused`, each with its `detail`. */
export class Room extends EventTarget {
  #connection;
  #joined = 0;
  /** Settles when the last thing that was to be said has been said, or has failed. */
  #said = Promise.resolve();
  name;

  constructor(connection) {
    super();
    this.#connection = connection;
    connection.addEventListener('open', () => this.join());
    for (const type of ['chat', 'people', 'typing']) connection.on(type, (data) => this.#fire(type, data));
  }

  /** Whether this page is in the room. */
  get isJoined() {
    return this.#connection.stands(this.#joined);
  }

  /** Whether what it says is heard at once. */
  get isHeard() {
    return this.isJoined && this.#connection.isOpen;
  }

  async join() {
    const { epoch, line } = this.#connection;
    try {
      const welcome = await line.request('join', { name: this.name });
      if (epoch !== this.#connection.epoch) return;
      this.#joined = epoch;
      this.name = welcome.name;
      this.#fire('joined', welcome);
    } catch (error) {
      // If it was the line that went, the next one joins.
      if (error.name === 'ReplyError') this.#fire('refused', error.data);
    }
  }

  /** Resolves when this page is in the room. */
  async joined() {
    if (!this.isJoined) await new Promise((resolve) => this.addEventListener('joined', resolve, { once: true }));
  }

  /** Says something; gives it as the room has it. Rejects when it was refused, or lost with a line that mends nothing. */
  say(text, key = newKey()) {
    // One after the other: what is sent again must not come behind what was said after it.
    const said = this.#said.then(() => this.insist(() => this.#connection.line.request('say', { key, text })));
    this.#said = said.catch(() => {});
    return said;
  }

  /** That one is writing. It is worth nothing later, so it never waits. */
  typing() {
    if (this.isHeard) this.#connection.line.emit('typing', {});
  }

  /** Does something over the line, and again over the next one if that one is lost. */
  async insist(act) {
    for (;;) {
      const { line } = this.#connection;
      try {
        return await act();
      } catch (error) {
        // A line that has been left, and is heard out, speaks for nobody in the room any more.
        const isFinal = error.name === 'ReplyError' ? line === this.#connection.line : !this.#connection.mends;
        if (isFinal) throw error;
        await this.joined();
      }
    }
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
