// What is sent over a session is kept here until the server has it, and what the two ends say to each other about it
// is read and written here. The core knows each message by its number.

import { arrived, control, post, recall, stranger, unacknowledged } from '#wasm';
import { FATES, type Fate } from './carrier.js';
import type { LostEvent } from './session-events.js';

/** What has become of a message. */
export type Outcome = 'delivered' | 'withdrawn' | LostEvent['cause'];

type Kept = string | ArrayBuffer | Blob;

interface Letter {
  data: Kept;
  told: ((outcome: Outcome) => void) | undefined;
}

/** What a mailbox wants of the carrier that it is of. */
export interface Post {
  /** As the module knows it. */
  readonly number: number;
  line(): number;
  socket(): WebSocket;
  giveBack(data: unknown, cause: LostEvent['cause']): void;
  /** Forgets the socket, and closes it because of what the server did. */
  reject(reason: string): void;
}

/** What `act` is asked to do for a session, as in `src/export/session.rs`. */
const enum Acts {
  Transmit = 11,
  /** And the outcomes after it. */
  Return,
  Write = 18,
  Say,
  Delivered,
  Part,
  Reject,
  Read,
}

/** In the order of the core's fates. */
const OUTCOMES: Outcome[] = [...FATES, 'withdrawn', 'unsent', 'unconfirmed'];

const PROTOCOL = 'undrop.1';
/** U+0010. Text that begins with it is the protocol's own, unless two of them begin it. */
const ESCAPE = '\x10';

/** The subprotocols that ask for a session, beside those that the page asks for. */
export const offer = (names: string[]): string[] =>
  names.length ? names.map((name) => name && `${PROTOCOL}+${name}`) : [PROTOCOL];

const isOurs = (protocol: string) => protocol === PROTOCOL || protocol.startsWith(`${PROTOCOL}+`);

export class Mailbox {
  readonly #letters = new Map<number, Letter>();
  /** The numbers of the last that was posted, and of one that none is older than. */
  #last = 0;
  #oldest = 1;
  /** What the core is writing. */
  #written = '';
  /** What the core is reading. */
  #read = '';
  #farewell: [code?: number, reason?: string] | undefined;
  #isOpened = false;
  readonly #onReset: (() => void) | undefined;
  #post!: Post;

  constructor(onReset: (() => void) | undefined) {
    this.#onReset = onReset;
  }

  attach(carrier: Post) {
    this.#post = carrier;
  }

  /** The page's own part of the subprotocol that the server chose. */
  get protocol(): string {
    const { protocol } = this.#post.socket();
    return isOurs(protocol) ? protocol.slice(PROTOCOL.length + 1) : protocol;
  }

  get unacknowledged(): number {
    return unacknowledged(this.#post.line());
  }

  /** Takes a message of so many bytes. What to say to have it back, or less than 1: the negative of why it was not taken. */
  post(data: Kept, bytes: number, told?: Letter['told'], timeToLive = -1): number {
    const number = ++this.#last;
    // First, for it may leave at once.
    this.#letters.set(number, { data, told });
    const ticket = post(this.#post.line(), number, bytes, timeToLive);
    if (ticket < 1) this.#letters.delete(number);
    return ticket;
  }

  /** The same for a message that is sent without more ado; see `wait` of the carrier. */
  wait(data: Kept, bytes: number, told: ((fate: Fate) => void) | undefined): number | (() => void) {
    const hears = (outcome: Outcome) => outcome !== 'withdrawn' && told?.(outcome === 'delivered' ? 'sent' : outcome);
    const ticket = this.post(data, bytes, told && hears);
    return ticket > 0 ? () => this.recall(ticket) : -ticket;
  }

  /** Has a message come back that has not left. */
  recall(ticket: number) {
    recall(this.#post.line(), ticket);
  }

  // What the carrier hears.

  /** Whether the server speaks the protocol. If not, all is over now. */
  knows(protocol: string): boolean {
    const knows = isOurs(protocol);
    if (!knows) stranger(this.#post.line());
    return knows;
  }

  /** What the message holds for the page; nothing if it is none of the page's. */
  admits(event: MessageEvent, data: unknown, bytes: number): unknown {
    let own = data;
    if (typeof data === 'string' && data[0] === ESCAPE) {
      if (data[1] !== ESCAPE) {
        this.#read = data;
        control(this.#post.line(), this.#post.number);
        this.#read = '';
        return;
      }
      own = data.slice(1);
      Object.defineProperty(event, 'data', { value: own, enumerable: true, configurable: true });
    }
    return arrived(this.#post.line(), bytes) ? own : undefined;
  }

  /** The page closes: the core says when the socket shall be closed. */
  close(code: number | undefined, reason: string | undefined) {
    this.#farewell ??= farewell(code, reason);
  }

  dials() {
    this.#farewell = undefined;
  }

  ends() {
    this.#isOpened = false;
  }

  opens() {
    if (this.#isOpened) this.#onReset?.();
    this.#isOpened = true;
  }

  act(what: number, detail: number): number | undefined {
    const socket = this.#post.socket();
    if (what === Acts.Write) this.#written += String.fromCharCode(detail);
    else if (what === Acts.Read) return this.#read.charCodeAt(detail);
    else if (what === Acts.Transmit) {
      const { data } = this.#letters.get(detail) as Letter;
      socket.send(typeof data === 'string' && data[0] === ESCAPE ? ESCAPE + data : data);
    } else if (what === Acts.Say) socket.send(this.#take());
    else if (what === Acts.Delivered) this.#settle(detail);
    else if (what === Acts.Part) socket.close(...(this.#farewell ?? []));
    else if (what === Acts.Reject) this.#post.reject(this.#take());
    else {
      const { data, told } = this.#letters.get(detail) as Letter;
      this.#letters.delete(detail);
      const outcome = OUTCOMES[what - Acts.Return] as Outcome;
      if (told) told(outcome);
      else this.#post.giveBack(data, outcome as LostEvent['cause']);
    }
    return;
  }

  #take() {
    const written = this.#written;
    this.#written = '';
    return written;
  }

  /** The oldest so many have arrived. What came back before that is not among them any more. */
  #settle(count: number) {
    while (count) {
      const number = this.#oldest++;
      const letter = this.#letters.get(number);
      if (!this.#letters.delete(number)) continue;
      count--;
      letter?.told?.('delivered');
    }
  }
}

/** The standard's checks, since the socket is not closed yet. https://websockets.spec.whatwg.org/#dom-websocket-close */
const farewell = (code: number | undefined, reason: string | undefined): [code?: number, reason?: string] => {
  const clamped = code === undefined ? 1000 : Math.round(Math.min(Math.max(Number(code) || 0, 0), 65535));
  if (clamped !== 1000 && !(clamped >= 3000 && clamped <= 4999))
    throw new DOMException(
      `Undrop: ${clamped} is not a code to close with: take 1000, or one from 3000 to 4999.`,
      'InvalidAccessError',
    );
  const words = reason === undefined ? '' : `${reason}`;
  if (new TextEncoder().encode(words).length > 123)
    throw new DOMException('Undrop: a close reason has room for 123 bytes of UTF-8.', 'SyntaxError');
  return code === undefined ? [] : [clamped, words];
};
