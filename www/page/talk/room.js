// This page's membership of its room: it joins after each `open`, sends messages and receives them.
//
// A message that was in flight when the connection was lost may have arrived or not. Without a session nobody can know, so each
// message has a key: it is sent again, and the server takes it once. Over a plain socket it stays undelivered. With a session
// the socket does all that, until the session itself is lost.

import { newKey } from '../random.js';

/** Fires `joined`, `chat`, `people`, `typing` and `refused`, each with its `detail`. */
export class Room extends EventTarget {
  #connection;
  #joined = 0;
  /** Settles when the last message has been delivered or has failed. */
  #last = Promise.resolve();
  name;

  constructor(connection) {
    super();
    this.#connection = connection;
    connection.addEventListener('open', () => this.join());
    for (const type of ['chat', 'people', 'typing']) connection.on(type, (data) => this.#fire(type, data));
  }

  /** Whether this page is a member of the room. */
  get isJoined() {
    return this.#connection.isCurrent(this.#joined);
  }

  /** Whether a message is sent at once. */
  get isConnected() {
    return this.isJoined && this.#connection.isOpen;
  }

  async join() {
    const { generation, socket } = this.#connection;
    try {
      const welcome = await socket.request('join', { name: this.name });
      if (generation !== this.#connection.generation) return;
      this.#joined = generation;
      this.name = welcome.name;
      this.#fire('joined', welcome);
    } catch (error) {
      // After a lost connection the next `open` joins.
      if (error.name === 'ReplyError') this.#fire('refused', error.data);
    }
  }

  /** Resolves when this page is a member of the room. */
  async joined() {
    if (!this.isJoined) await new Promise((resolve) => this.addEventListener('joined', resolve, { once: true }));
  }

  /** Sends a text. Returns the message as the room has it. Rejects when it was refused, or lost with a plain socket. */
  say(text, key = newKey()) {
    // One after the other: a message that is sent again must not arrive after a later one.
    const sent = this.#last.then(() => this.retry(() => this.#connection.socket.request('say', { key, text })));
    this.#last = sent.catch(() => {});
    return sent;
  }

  /** Says that this member is writing. It is never queued, as it is worth nothing later. */
  typing() {
    if (this.isConnected) this.#connection.socket.emit('typing', {});
  }

  /** Calls `act`, and again over the next connection if the present one is lost. */
  async retry(act) {
    for (;;) {
      const { socket } = this.#connection;
      try {
        return await act();
      } catch (error) {
        // An error reply over a replaced socket says nothing about the present membership.
        const isFinal = error.name === 'ReplyError' ? socket === this.#connection.socket : !this.#connection.reconnects;
        if (isFinal) throw error;
        await this.joined();
      }
    }
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
