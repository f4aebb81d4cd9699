// What the checks are written with: connections that know the protocol, write down what is said on them, and throw what is wrong.

import { describe, describeAnswer, describeItem, shortened } from './describe.js';
import { type Control, isNamed, marker, parse } from './frames.js';
import { type Item, isSame, type Message } from './item.js';
import { type Rule, rules } from './rules.js';
import { type Answer, type FrameOptions, opcodes, type RawSocket, request } from './websocket.js';

export interface Options {
  url: URL;
  headers: [string, string][];
  /** The headers of another user. */
  otherHeaders: [string, string][];
  /** The app's own subprotocol. */
  protocol: string | undefined;
  /** How long each answer is waited for, in milliseconds. */
  timeout: number;
  /** How long nothing must come where nothing may, in milliseconds. */
  quiet: number;
  seed: number;
  isSlow: boolean;
}

export interface Check {
  name: string;
  /** What a server that passes it does. */
  says: string;
  /** All others say nothing of a server that fails this one. */
  isNeededByAll?: true;
  run: (kit: Kit) => Promise<void>;
}

/** What a check sends at most to try a limit. */
export const MOST_BYTES = 128 << 20;

/** The server has done something that the protocol does not allow. */
export class Wrong extends Error {
  readonly rule: Rule;
  readonly must: string;
  readonly came: string;

  constructor(rule: Rule, must: string, came: string) {
    super(`${must}, but ${came}`);
    this.rule = rule;
    this.must = must;
    this.came = came;
  }
}

/** The check has no meaning for this server, or for these options. */
export class Skipped extends Error {}

/** Nothing can be said of a server that does not send back what it gets. The protocol does not ask for that: the checks do. */
export class NoEcho extends Error {
  constructor(sent: Message, came: Item) {
    super(
      `the server does not send messages back: it was sent the message ${describe(sent)}, and ${describeItem(came)} came. ` +
        'Give it a route that sends each message back as it was, and check that',
    );
  }
}

/** A client's session: its token and its counts. */
export interface SessionState {
  token: string;
  largest: number;
  /** How many messages were sent, ever. */
  sent: number;
  /** How many of them the server has said it has taken. */
  acknowledged: number;
  /** How many messages of the server were taken. */
  received: number;
  /** The numbers of the last connection, and of the last that was answered with `resumed`. */
  attempt: number;
  answered: number;
}

/** What one check says and hears. */
export class Kit {
  readonly options: Options;
  readonly transcript: string[] = [];
  readonly #tokens: string[] = [];
  readonly #connections: Connection[] = [];

  constructor(options: Options) {
    this.options = options;
  }

  get offer(): string {
    const { protocol } = this.options;
    return protocol === undefined ? 'undrop.1' : `undrop.1+${protocol}`;
  }

  /** Asks for a WebSocket, whatever the server says. */
  async ask(protocols: readonly string[], headers = this.options.headers): Promise<Answer> {
    const answer = await request({ url: this.options.url, headers, protocols }, this.options.timeout);
    const offered = protocols.length > 0 ? `offers ${protocols.join(', ')}` : 'offers no subprotocol';
    this.note('>', `a request that ${offered}`);
    this.note('<', describeAnswer(answer));
    return answer;
  }

  /** A connection on which nothing has been said. */
  async connect(headers = this.options.headers): Promise<Connection> {
    const answer = await request({ url: this.options.url, headers, protocols: [this.offer] }, this.options.timeout);
    if (answer.kind !== 'accepted' || answer.protocol !== this.offer) {
      this.note('>', `a request that offers ${this.offer}`);
      throw new Wrong(rules.selects, `status 101 that selects ${this.offer}`, describeAnswer(answer));
    }
    return this.adopt(answer.socket);
  }

  adopt(socket: RawSocket): Connection {
    const connection = new Connection(this, socket, this.#connections.length + 1);
    this.#connections.push(connection);
    return connection;
  }

  /** A connection with a new session. */
  async open(headers = this.options.headers): Promise<Connection> {
    const connection = await this.connect(headers);
    connection.control('new');
    await connection.welcome(rules.welcome);
    return connection;
  }

  /** A connection with a new session, on which these messages have come back. */
  async echoed(...messages: Message[]): Promise<Connection> {
    const connection = await this.open();
    for (const message of messages) await connection.echo(message);
    return connection;
  }

  /**
   * A connection on which a session was asked for; what is asked is the truth, but for `claims`. Nothing is expected yet.
   * The session's own counts change when `resumed` is heard.
   */
  async resume(
    session: SessionState,
    claims: Partial<Claims> = {},
    headers = this.options.headers,
  ): Promise<Connection> {
    const connection = await this.connect(headers);
    connection.ask(session, claims);
    return connection;
  }

  /** A connection on which the session goes on. */
  async resumed(session: SessionState): Promise<Connection> {
    const connection = await this.resume(session);
    await connection.resumed();
    return connection;
  }

  /** A session that has ended can't be resumed. */
  async isOver(session: SessionState): Promise<void> {
    const again = await this.resume(session);
    await again.welcome(rules.unknown);
  }

  note(direction: '>' | '<' | ' ', what: string, connection?: number): void {
    const prefix = connection === undefined ? '' : `${connection} `;
    this.transcript.push(`${prefix}${direction} ${this.hide(what)}`);
  }

  /** What is printed must not show a token: whoever has it has the session. */
  hide(text: string): string {
    return text.replace(/\b[0-9a-f]{32}\b/g, (token) => this.#nameOf(token));
  }

  /** Ends what is left, so that the next check finds a server that has room. */
  finish(): void {
    for (const connection of this.#connections) connection.leave();
  }

  #nameOf(token: string) {
    if (!this.#tokens.includes(token)) this.#tokens.push(token);
    const index = this.#tokens.indexOf(token);
    return index === 0 ? 'TOKEN' : `TOKEN-${index + 1}`;
  }
}

interface Claims {
  token: string;
  received: number;
  acknowledged: number;
  attempt: number;
  answered: number;
}

/** A WebSocket that was asked for a session. */
export class Connection {
  readonly #kit: Kit;
  readonly #socket: RawSocket;
  readonly #number: number;
  #session: SessionState | undefined;
  /** The session that was asked for, before the answer. */
  asked: { session: SessionState; attempt: number } | undefined;
  /** How many messages were given to this connection, or need not be. */
  #given = 0;
  #isOver = false;

  constructor(kit: Kit, socket: RawSocket, number: number) {
    this.#kit = kit;
    this.#socket = socket;
    this.#number = number;
  }

  get session(): SessionState {
    if (!this.#session) throw new Error('there is no session on this connection yet');
    return this.#session;
  }

  get socket(): RawSocket {
    return this.#socket;
  }

  /** Says a control frame. */
  control(text: string): void {
    this.#kit.note('>', shortened(text), this.#number);
    this.#socket.frame(`${marker}${text}`);
  }

  /** Asks for a session with the truth, but for `claims`. */
  ask(session: SessionState, claims: Partial<Claims> = {}): void {
    const { token, received, acknowledged, answered } = { ...session, ...claims };
    const attempt = claims.attempt ?? session.attempt + 1;
    session.attempt = Math.max(session.attempt, attempt);
    this.asked = { session, attempt };
    this.control(`resume ${token} ${received} ${acknowledged} ${attempt} ${answered}`);
  }

  /** Sends a message of the app. */
  send(message: Message): void {
    this.#kit.note('>', describe(message), this.#number);
    this.count(1);
    this.#socket.frame(encoded(message), typeof message === 'string' ? {} : { opcode: opcodes.binary });
  }

  /** Messages that were written by other means. */
  count(messages: number): void {
    this.#given += messages;
    if (this.#session) this.#session.sent += messages;
  }

  /** Writes frames that are not as `send` and `control` make them. */
  raw(what: string, payload: string | Buffer, options: FrameOptions = {}): void {
    this.#kit.note('>', what, this.#number);
    this.#socket.frame(payload, options);
  }

  /** Says all that `saying` does in one packet. */
  together(saying: () => void): void {
    this.#socket.cork();
    saying();
    this.#socket.uncork();
  }

  ack(): void {
    this.control(`ack ${this.session.received}`);
  }

  /** Breaks the connection without a close frame. */
  cut(): void {
    this.#kit.note(' ', 'the connection is cut', this.#number);
    this.#isOver = true;
    this.#socket.cut();
  }

  /** Breaks after so many more bytes. One that is kept stays open for the server. */
  breaksAfter(readable: number, writable: number, isKept: boolean): void {
    this.#socket.limit(readable, writable, () => {
      this.#kit.note(' ', isKept ? 'the connection is abandoned' : 'the connection breaks', this.#number);
      this.#isOver = true;
      if (!isKept) this.#socket.cut();
    });
  }

  /** Whether this end has broken it. */
  get isCut(): boolean {
    return this.#isOver;
  }

  close(code: number): void {
    this.#kit.note('>', `a close frame with ${code}`, this.#number);
    this.#socket.close(code);
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#session) this.#socket.frame(`${marker}end`);
    this.#socket.close(1000);
    this.#socket.cut();
  }

  /** What comes next, but for acknowledgements. */
  async next(timeout = this.#kit.options.timeout): Promise<Item> {
    for (;;) {
      const item = await this.#nextOrAck(timeout);
      if (item.kind !== 'ack') return item;
    }
  }

  /** What comes next. Answers pings, and checks each acknowledgement. */
  async #nextOrAck(timeout: number): Promise<Item | { kind: 'ack' }> {
    for (;;) {
      const event = await this.#socket.next(timeout);
      if (!event) return { kind: 'nothing' };
      if (event.kind === 'close' || event.kind === 'gone') {
        this.#isOver = true;
        this.#heard(describeItem(event));
        return event;
      }
      if (event.kind === 'pong') {
        this.#heard('a pong of WebSocket');
        return { kind: 'websocket-pong', bytes: event.bytes };
      }
      if (event.kind === 'binary') return this.#message(event.bytes);
      if (!event.text.startsWith(marker)) return this.#message(event.text);
      const inner = event.text.slice(1);
      if (inner.startsWith(marker)) return this.#message(inner);
      this.#heard(shortened(inner));
      const control = parse(inner);
      if (!control)
        throw new Wrong(
          isNamed(inner) ? rules.spelling : rules.escape,
          'a message, or a control frame that the grammar has',
          `a text with one U+0010 in front that is neither: "${shortened(inner)}"`,
        );
      if (control.name === 'ack') {
        this.#acknowledged(control.received);
        return { kind: 'ack' };
      }
      if (control.name !== 'ping') return { kind: 'control', control };
      this.control(`pong ${control.number}`);
    }
  }

  /** The next item has to be this message. */
  async message(expected: Message, rule: Rule): Promise<void> {
    const item = await this.next();
    if (item.kind === 'message' && isSame(item.message, expected)) return;
    throw new Wrong(rule, `the message ${describe(expected)}`, describeItem(item));
  }

  /** Sends the first message. A server that answers nothing, or another message, is none that can be checked. */
  async firstEcho(message: Message): Promise<void> {
    this.send(message);
    const item = await this.next();
    if (item.kind === 'message' && isSame(item.message, message)) return;
    if (item.kind === 'message' || item.kind === 'nothing') throw new NoEcho(message, item);
    throw new Wrong(rules.untouched, `the message ${describe(message)}`, describeItem(item));
  }

  /** Sends a message, and waits until it comes back. */
  async echo(message: Message, rule: Rule = rules.untouched): Promise<void> {
    this.send(message);
    await this.message(message, rule);
  }

  /** Waits until the server has said that it has taken all that was sent. */
  async acknowledged(rule: Rule = rules.ack): Promise<void> {
    while (this.session.acknowledged < this.session.sent) {
      const item = await this.#nextOrAck(this.#kit.options.timeout);
      if (item.kind !== 'ack') throw new Wrong(rule, `ack ${this.session.sent}`, describeItem(item));
    }
  }

  /** Nothing may come for a while. */
  async nothing(rule: Rule): Promise<void> {
    const item = await this.next(this.#kit.options.quiet);
    if (item.kind !== 'nothing') throw new Wrong(rule, 'nothing more', describeItem(item));
  }

  async pong(number: number, rule: Rule = rules.ping): Promise<void> {
    const item = await this.next();
    if (!isPong(item, number)) throw new Wrong(rule, `pong ${number}`, describeItem(item));
  }

  /** The next items have to be these messages, with one pong among them if it was asked for. */
  async messages(expected: readonly Message[], rule: Rule, pong?: number): Promise<void> {
    const left = [...expected];
    let isPongDue = pong !== undefined;
    while (left.length > 0 || isPongDue) {
      const item = await this.next();
      if (isPongDue && isPong(item, pong)) {
        isPongDue = false;
        continue;
      }
      const next = left.shift();
      if (next !== undefined && item.kind === 'message' && isSame(item.message, next)) continue;
      throw new Wrong(rule, next === undefined ? `pong ${pong}` : `the message ${describe(next)}`, describeItem(item));
    }
  }

  /** The next item has to be a `welcome`, with this as its last word or not. */
  async welcome(rule: Rule, isLost = false): Promise<void> {
    const item = await this.next();
    const must = `welcome TOKEN TTL SPREAD LARGEST${isLost ? ' lost' : ''}`;
    if (item.kind !== 'control' || item.control.name !== 'welcome') throw new Wrong(rule, must, describeItem(item));
    const { token, largest } = item.control;
    if (item.control.isLost !== isLost) throw new Wrong(rule, must, describeItem(item));
    if (this.asked?.session.token === token)
      throw new Wrong(rules.fresh, 'a token that is new', 'the one that was asked for came again');
    this.asked = undefined;
    const counts = { sent: this.#given, acknowledged: 0, received: 0, attempt: 0, answered: 0 };
    this.#session = { token, largest, ...counts };
  }

  /** The next item has to be `resumed`, with all that was sent. */
  async resumed(received?: number): Promise<void> {
    const item = await this.next();
    if (!this.asked) throw new Error('nothing was asked for');
    const expected = received ?? this.asked.session.sent;
    if (item.kind !== 'control' || item.control.name !== 'resumed' || item.control.received !== expected)
      throw new Wrong(rules.resumed, `resumed ${expected} SPREAD LARGEST`, describeItem(item));
    this.goesOn(item.control);
  }

  /** The session that was asked for is from now on on this connection. */
  goesOn({ received, largest }: Extract<Control, { name: 'resumed' }>): void {
    if (!this.asked) throw new Error('nothing was asked for');
    const { session, attempt } = this.asked;
    session.answered = attempt;
    session.acknowledged = session.sent = this.#given = received;
    session.largest = largest;
    this.#session = session;
    this.asked = undefined;
  }

  /** What comes may be messages, and then has to be the end of the connection with one of these codes. */
  async closed(codes: number | readonly number[], rule: Rule, may: 'messages' | 'nothing' = 'nothing'): Promise<void> {
    const all = [codes].flat();
    for (;;) {
      const item = await this.next();
      if (item.kind === 'close' && all.includes(item.code as number)) return;
      const isAllowed = item.kind === 'message' && may === 'messages';
      if (!isAllowed) throw new Wrong(rule, `a close frame with ${all.join(' or ')}`, describeItem(item));
    }
  }

  #message(message: Message): Item {
    this.#heard(describe(message));
    if (this.#session) this.#session.received++;
    return { kind: 'message', message };
  }

  #acknowledged(received: number) {
    const session = this.#session;
    const before = session?.acknowledged ?? 0;
    if (received > this.#given)
      throw new Wrong(
        rules.ackRange,
        `an ack of at most ${this.#given}, which is how many messages this connection was given`,
        `ack ${received}, which acknowledges messages that the server can't have`,
      );
    if (received < before)
      throw new Wrong(rules.ackRange, `an ack of more than ${before}`, `ack ${received}, which is less than before`);
    if (received === before)
      throw new Wrong(rules.ackNothing, `no ack, since ${before} was told before`, `ack ${received}`);
    if (session) session.acknowledged = received;
  }

  #heard(what: string) {
    this.#kit.note('<', what, this.#number);
  }
}

const isPong = (item: Item, number: number | undefined) =>
  item.kind === 'control' && item.control.name === 'pong' && item.control.number === number;

const encoded = (message: Message): Message =>
  typeof message === 'string' && message.startsWith(marker) ? `${marker}${message}` : message;
