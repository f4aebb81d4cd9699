// The page's one connection to its room, over whichever kind of line is chosen. It outlives each line: handlers are given
// once, and what an earlier line still says is not heard.

import { kinds } from './kinds.js';

const EVENTS = ['open', 'drop', 'resume', 'close', 'lost', 'statechange'];

/**
 * Fires what its line fires, as the `detail` of an event of the same type; and `dial`, `probe` and `answer`. Fires `switch`
 * when another kind of line takes its place, whose `detail` has the `line` that goes and takes, with `keep`, a promise until
 * which it is not closed.
 */
export class Connection extends EventTarget {
  #handlers = [];
  #wasConnecting = false;
  kind = 'session';
  /** The room that the next `dial` leads into. */
  room;
  /** What it is connected by; none before the first `dial`. */
  line;
  /** Goes up with each new line, and whenever one opens; a line that brings its session back is not counted as another. */
  epoch = 0;

  /** `tab`: what the server knows this page by. */
  constructor(room, tab) {
    super();
    this.room = room;
    this.tab = tab;
  }

  /** Whether it comes back by itself. */
  get mends() {
    return kinds[this.kind].mends;
  }

  get isOpen() {
    return this.line?.state === 'open';
  }

  /** Whether nothing will open it but a new dial. */
  get isOver() {
    return this.line === undefined || this.line.state === 'closed';
  }

  /** Whether what was said in this epoch arrives, if it has not yet. */
  stands(epoch) {
    return epoch === this.epoch && (kinds[this.kind].keeps ? !this.isOver : this.isOpen);
  }

  /** Calls the handler for each message of the type, whatever line it comes over. */
  on(type, handler) {
    this.#handlers.push([type, handler]);
    this.line?.on(type, handler);
  }

  /** Makes a new line, of this kind, in the place of the present one. */
  dial(kind = this.kind) {
    const previous = this.line;
    const isSwitch = previous !== undefined && kind !== this.kind;
    this.kind = kind;
    const mine = (act) => (given) => {
      if (line === this.line) act(given);
    };
    const line = kinds[kind].open(`${this.room}?tab=${this.tab}`, {
      probed: mine(() => this.#fire('probe')),
      answered: mine((milliseconds) => this.#fire('answer', milliseconds)),
    });
    this.line = line;
    // Who was in the room over the previous one is not in it over this one until it has opened.
    this.epoch++;
    // It is another dial also while the previous line was at one.
    this.#wasConnecting = false;
    this.#leave(previous, isSwitch);
    for (const [type, handler] of this.#handlers) line.on(type, handler);
    for (const type of EVENTS)
      line.addEventListener(
        type,
        mine((event) => this.#pass(type, event)),
      );
    this.#watchDials();
    this.#fire('statechange');
  }

  /** Closes a line, once nobody has anything more to hear over it. */
  async #leave(line, isSwitch) {
    const reasons = [];
    if (isSwitch) this.#fire('switch', { line, keep: (reason) => reasons.push(reason) });
    if (reasons.length) await Promise.allSettled(reasons);
    line?.close();
  }

  #pass(type, event) {
    if (type === 'open') this.epoch++;
    if (type === 'statechange') this.#watchDials();
    this.#fire(type, event);
  }

  #watchDials() {
    const isConnecting = this.line.state === 'connecting';
    if (isConnecting && !this.#wasConnecting) this.#fire('dial');
    this.#wasConnecting = isConnecting;
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
