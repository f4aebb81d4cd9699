// `undrop/server/ws`: the package ws, whose sockets live as long as the session of their client.

import type { IncomingMessage } from 'node:http';
import type { Duplex, DuplexOptions } from 'node:stream';
import { type ServerOptions, WebSocket, WebSocketServer as WsServer, createWebSocketStream as wsStream } from 'ws';
import { check, isObject } from './checks.js';
import { core } from './core.js';
import { type Admission, type Received, type Session, Sessions, type SessionsOptions } from './index.js';
import { say } from './log.js';
import { connect, refuseBun, reject } from './websocket.js';

export default WebSocket;
export { WebSocket };

/** The options of ws, and those of the sessions. */
export interface WebSocketServerOptions extends ServerOptions {
  /**
   * The options of the sessions. What ws does not limit or check has no limit for one address or user, and no check: pages of
   * all origins may connect, unless this or `verifyClient` says otherwise.
   */
  sessions?: Omit<SessionsOptions, 'protocols'> | undefined;
}

/**
 * The type of the sockets that the server hands out: a `SessionWebSocket`, or a socket of ws, which has no session. It is a type
 * alone, and no class.
 */
declare class ServedSocket extends WebSocket {
  /** The session of the client, if that has one. */
  readonly session?: Session | undefined;
}

export type { ServedSocket };

/** What ws takes if no `maxPayload` is given, and the most that can be told to a client. */
const DEFAULT_PAYLOAD = 100 << 20;
const MOST_PAYLOAD = 0xffff_ffff;
const UNLIMITED = 0xffff_ffff;

/**
 * The server of the package ws, which clients of undrop give a session: their sockets stay open while the connection drops and
 * comes back. All other clients get sockets of ws.
 *
 * ```js
 * import { WebSocketServer } from 'undrop/server/ws';
 *
 * const server = new WebSocketServer({ port: 8080 });
 * server.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}, too`)));
 * ```
 */
export class WebSocketServer extends WsServer<typeof ServedSocket> {
  /** The sessions of this server, for its metrics, and to send to a session by its id. */
  readonly sessions: Sessions;
  /** Whether clients without a session are asked for their origin, too. */
  readonly #checksAll: boolean;
  readonly #open = new Set<SessionWebSocket>();
  /** How many connections carry a session. */
  #connections = 0;
  #isClosing = false;
  #handleProtocols: ServerOptions['handleProtocols'];

  constructor(options: WebSocketServerOptions = {}, listening?: () => void) {
    refuseBun('undrop/server/ws');
    const { sessions = {}, ...rest } = options;
    check('sessions', { must: 'an object', fits: isObject }, sessions);
    super(rest as ServerOptions<typeof ServedSocket>, listening);
    const { origins, plainConnections, limits, ...others } = sessions;
    const { maxPayload = DEFAULT_PAYLOAD } = rest;
    this.#checksAll = origins !== undefined || plainConnections === 'refuse';
    this.sessions = new Sessions({
      ...others,
      origins: origins ?? 'any',
      plainConnections: plainConnections ?? 'serve',
      limits: { ...unlimited, messageBytes: maxPayload > 0 ? maxPayload : MOST_PAYLOAD, ...limits },
    });
    this.sessions.serve(() => {});
    this.#answerOffers();
  }

  override handleUpgrade(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    callback: (socket: ServedSocket, request: IncomingMessage) => void,
  ): void {
    const choice = this.#choose(request);
    const admission = choice || this.#checksAll ? this.#admit(request, stream, choice) : undefined;
    if (admission === null) return;
    if (!choice) {
      admission?.cancel();
      super.handleUpgrade(request, stream, head, callback);
      return;
    }
    // ws may refuse the request, and the client may have gone meanwhile.
    stream.once('close', () => admission?.cancel());
    choices.set(request, choice);
    super.handleUpgrade(request, stream, head, (socket) => {
      if (admission) this.#adopt(admission, socket, stream, (session) => callback(session, request), choice);
    });
  }

  /** Takes no more connections. Sessions end when they can't come back any more: when no connection is left. */
  override close(callback?: (error?: Error) => void): void {
    super.close(callback);
    this.#isClosing = true;
    this.#endLost();
  }

  /** What the client's offer of a session comes to, if there is one. */
  #choose(request: IncomingMessage): Choice | undefined {
    const { answerWithSession, offeredWithSession } = core();
    const offered = offeredWithSession(request.headers['sec-websocket-protocol'] ?? '');
    const own = offered.filter(Boolean);
    const chosen = this.#handleProtocols && own.length > 0 ? this.#handleProtocols(new Set(own), request) : own[0];
    const protocol = chosen || (offered.includes('') ? '' : undefined);
    return protocol === undefined ? undefined : { answer: answerWithSession(protocol), protocol };
  }

  /** Has ws answer with the subprotocol of a session. An app may set its function later, as graphql-ws does. */
  #answerOffers() {
    const { options } = this;
    this.#handleProtocols = options.handleProtocols;
    Object.defineProperty(options, 'handleProtocols', {
      enumerable: true,
      get: () => (offers: Set<string>, request: IncomingMessage) => {
        const choice = choices.get(request);
        if (choice) return choice.answer;
        return this.#handleProtocols ? this.#handleProtocols(offers, request) : [...offers][0];
      },
      set: (function_: ServerOptions['handleProtocols']) => {
        this.#handleProtocols = function_;
      },
    });
  }

  /** Returns null if the connection is refused, and answered. */
  #admit(request: IncomingMessage, stream: Duplex, choice: Choice | undefined): Admission | null {
    const headers = choice ? withOffer(request.rawHeaders) : request.rawHeaders;
    const admitted = this.sessions.admit(request.url ?? '/', headers, request.socket.remoteAddress);
    if (!('status' in admitted)) return admitted;
    reject(stream, admitted);
    return null;
  }

  /** A connection of ws carries a session from now on. */
  #adopt(
    admission: Admission,
    socket: WebSocket,
    stream: Duplex,
    begun: (session: SessionWebSocket) => void,
    { protocol }: Choice,
  ) {
    // ws counts its own sockets among the clients, and takes them out again by the only listener so far.
    const [untrack] = socket.listeners('close') as (() => void)[];
    if (this.clients) {
      this.clients.delete(socket);
      socket.removeAllListeners('close');
    }
    this.#connections++;
    socket.once('close', () => {
      this.#connections--;
      this.#endLost();
    });
    connect(admission, socket, stream, (session) => {
      const client = new SessionWebSocket(session, protocol, this.options);
      this.#open.add(client);
      if (this.clients) this.clients.add(client);
      client.once('close', () => {
        this.#open.delete(client);
        if (!this.clients) return;
        this.clients.delete(client);
        untrack?.();
      });
      // What the app's listener throws is the app's, as with ws.
      process.nextTick(begun, client);
      return client.run();
    });
  }

  #endLost() {
    if (!this.#isClosing || this.#connections > 0) return;
    for (const client of this.#open) client.terminate();
    // Otherwise a session waits for its client, to tell it.
    void this.sessions.shutDown();
  }
}

/** What ws does not limit. */
const unlimited = {
  sessionsPerUser: UNLIMITED,
  sessionsPerAddress: UNLIMITED,
  connectionsPerAddress: UNLIMITED,
  handshakeBurst: UNLIMITED,
  handshakesPerSecond: UNLIMITED,
  outboxesPerOwner: UNLIMITED,
  inboxesPerOwner: UNLIMITED,
};

/** What a client's offer of a session comes to. */
interface Choice {
  /** The subprotocol to answer. */
  answer: string;
  /** The app's part of it. */
  protocol: string;
}

const choices = new WeakMap<IncomingMessage, Choice>();

/** The headers, with an offer of the session alone: what of the app's subprotocols is chosen is the app's business here. */
const withOffer = (headers: string[]) => {
  const offer = core().answerWithSession('');
  return headers.flatMap((name, at) => {
    if (at % 2 > 0) return [];
    return [name, name.toLowerCase() === 'sec-websocket-protocol' ? offer : (headers[at + 1] as string)];
  });
};

/** What stands for the code of a close frame that has none, and for that of a connection that ended without one. */
const NO_CODE = 1005;
const ABNORMAL = 1006;

type Callback = (error?: Error) => void;
type Options = Parameters<WebSocket['send']>[1];

type Attribute = 'readyState' | 'protocol' | 'extensions' | 'bufferedAmount' | 'isPaused' | 'binaryType';
type Method = 'send' | 'ping' | 'pong' | 'pause' | 'resume' | 'close' | 'terminate';
type BinaryType = WebSocket['binaryType'] | 'blob';

/** That of ws, whose types have properties where its class has accessors. */
const Base = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => Omit<WebSocket, Attribute | Method>;

/** A socket of ws whose connection is a session's: those of clients with a session are of this class. */
export class SessionWebSocket extends Base {
  /** The session: its user, its id, and `deliver`, which waits until the client has a message. */
  readonly session: Session;
  readonly #protocol: string;
  readonly #closeTimeout: number;
  #readyState: 1 | 2 | 3 = WebSocket.OPEN;
  #binaryType: BinaryType = 'nodebuffer';
  /** Resolves when the socket is not paused any more, if it is. */
  #paused: { promise: Promise<void>; end: () => void } | undefined;
  /** What the listeners of a message have sent so far, while they run. */
  #replies: (string | Uint8Array)[] | undefined;
  /** Ends the session, if they have closed the socket. */
  #afterCommit: (() => void) | undefined;
  /** What was sent of a message that is sent in parts. */
  #parts: { parts: Buffer[]; binary: boolean } | undefined;
  /** What the server or the client has closed with. */
  #closing: { code: number; reason: Buffer } | undefined;
  /** How many bytes were to be sent when the socket was not open any more. */
  #refused = 0;
  #closeTimer: NodeJS.Timeout | undefined;
  /** Ends the handler of the session. */
  #abandon: () => void = () => {};

  /** @internal */
  constructor(session: Session, protocol: string, options: ServerOptions) {
    // As ws makes its own on a server.
    super(null, undefined, options);
    this.session = session;
    this.#protocol = protocol;
    this.#closeTimeout = (options as { closeTimeout?: number }).closeTimeout ?? 30_000;
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get extensions(): string {
    return '';
  }

  /** What was sent and the client has not acknowledged: the session holds that, whether there is a connection or not. */
  get bufferedAmount(): number {
    const held = [...(this.#replies ?? []), ...(this.#parts?.parts ?? [])];
    const bytes = held.reduce((sum, data) => sum + Buffer.byteLength(data), 0);
    return bytes + this.#refused + this.session.unacknowledgedBytes;
  }

  get isPaused(): boolean {
    return this.#paused !== undefined;
  }

  get binaryType(): WebSocket['binaryType'] {
    return this.#binaryType as WebSocket['binaryType'];
  }

  set binaryType(type: WebSocket['binaryType']) {
    if (['nodebuffer', 'arraybuffer', 'fragments', 'blob'].includes(type)) this.#binaryType = type;
  }

  /** Messages are taken one after another, also those that were sent over another connection. @internal */
  async run(): Promise<void> {
    const abandoned = new Promise<void>((resolve) => {
      this.#abandon = resolve;
    });
    // The listeners of `connection` add those of messages.
    await new Promise(process.nextTick);
    const over = this.#take().catch((error) => {
      // It is the app's, as what a listener throws is with ws.
      process.nextTick(() => {
        throw error;
      });
    });
    await Promise.race([over, abandoned]);
    const cause = this.session.ending?.cause;
    if (cause === 'violation') this.#report(new Error('the client broke the protocol'));
    if (cause === 'client' && !this.#closing) await Promise.race([this.#hearClose(), abandoned]);
    const { code, reason } = this.#closing ?? { code: this.session.closeCode ?? ABNORMAL, reason: Buffer.alloc(0) };
    this.#finish(code, reason);
  }

  /** The client has ended the session, and closes its connection with the code of its app. */
  async #hearClose() {
    this.#readyState = WebSocket.CLOSING;
    const frame = await this.session.clientClose();
    if (frame) this.#closing ??= { code: frame.code, reason: Buffer.from(frame.reason) };
  }

  async #take() {
    for (;;) {
      const received = await this.session.next();
      await this.#paused?.promise;
      if (!received || this.#readyState === WebSocket.CLOSED) return;
      await this.#dispatch(received);
    }
  }

  /** Has the listeners hear a message, and commits it together with what they send at once. */
  async #dispatch(received: Received) {
    const isBinary = typeof received.message !== 'string';
    const replies: (string | Uint8Array)[] = [];
    this.#replies = replies;
    let failure: { error: unknown } | undefined;
    try {
      this.emit('message', this.#shape(received.message), isBinary);
    } catch (error) {
      failure = { error };
    } finally {
      this.#replies = undefined;
    }
    const committed = received.commit(replies).catch((error) => {
      if (error.code === 'full') this.#overflow();
    });
    this.#afterCommit?.();
    this.#afterCommit = undefined;
    if (!failure) return;
    // It ends the process, as with ws. The message is gone by then, as it is with ws: otherwise it would end each process that follows.
    await committed;
    throw failure.error;
  }

  #shape(message: string | Uint8Array) {
    if (typeof message === 'string') return Buffer.from(message);
    const { buffer, byteOffset, byteLength } = message;
    if (this.#binaryType === 'arraybuffer') return buffer;
    if (this.#binaryType === 'blob') return new Blob([message as Uint8Array<ArrayBuffer>]);
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    return this.#binaryType === 'fragments' ? [bytes] : bytes;
  }

  send(data: unknown, options?: Options | Callback, callback?: Callback): void {
    if (typeof options === 'function') {
      this.send(data, {}, options);
      return;
    }
    if (!this.#isOpen(data, callback)) return;
    const { binary = typeof data !== 'string' && typeof data !== 'number', fin = true } = options ?? {};
    const message = this.#whole(data, binary, fin);
    try {
      if (message !== undefined) {
        if (this.#replies) this.#replies.push(message);
        else this.session.send(message);
      }
      if (callback) process.nextTick(callback);
    } catch (error) {
      if (callback) process.nextTick(callback, error);
      else this.#overflow();
    }
  }

  /** What there is to send, once a message is complete that is sent in parts. */
  #whole(data: unknown, binary: boolean, fin: boolean): string | Uint8Array | undefined {
    if (fin && !this.#parts) return binary ? bytesOf(data) : textOf(data);
    this.#parts ??= { parts: [], binary };
    this.#parts.parts.push(bytesOf(data));
    if (!fin) return undefined;
    const { parts, binary: isBinary } = this.#parts;
    this.#parts = undefined;
    const bytes = Buffer.concat(parts);
    return isBinary ? bytes : bytes.toString();
  }

  /** The client has not acknowledged as much as it may. A message would be missing, so the session can't go on. */
  #overflow() {
    say('warn', `session ${this.session.id} ends: its client has not acknowledged as much as may be sent to it`);
    this.close(1013, 'too much is not acknowledged');
  }

  /** The session answers, also while there is no connection: dead connections are the protocol's business. */
  ping(...args: unknown[]): void {
    const { data, callback } = controlOf(args);
    if (!this.#isOpen(data, callback)) return;
    setImmediate(() => {
      callback?.();
      if (this.#readyState !== WebSocket.CLOSED) this.emit('pong', data);
    });
  }

  /** Does nothing: nobody waits for it. */
  pong(...args: unknown[]): void {
    const { data, callback } = controlOf(args);
    if (this.#isOpen(data, callback) && callback) process.nextTick(callback);
  }

  pause(): void {
    if (this.#paused || this.#readyState === WebSocket.CLOSED) return;
    let end = () => {};
    const promise = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = { promise, end };
  }

  resume(): void {
    this.#paused?.end();
    this.#paused = undefined;
  }

  /** Ends the session, when the client has received what was sent before. */
  close(code?: number, reason: string | Buffer = ''): void {
    if (this.#readyState !== WebSocket.OPEN) return;
    if (code !== undefined && !core().isCloseCode(code))
      throw new TypeError('First argument must be a valid error code number');
    const bytes = Buffer.from(reason);
    if (bytes.length > 123) throw new RangeError('The message must not be greater than 123 bytes');
    this.#readyState = WebSocket.CLOSING;
    this.#closing = { code: code ?? NO_CODE, reason: bytes };
    const end = () => this.session.close(code ?? NO_CODE, bytes.toString());
    // What the listeners of a message have sent goes before.
    if (this.#replies) this.#afterCommit = end;
    else end();
    this.#closeTimer = setTimeout(() => this.terminate(), this.#closeTimeout);
  }

  /** Ends the session at once. What the client has not received by then is not known. */
  terminate(): void {
    if (this.#readyState === WebSocket.CLOSED) return;
    this.#readyState = WebSocket.CLOSING;
    this.#closing = { code: ABNORMAL, reason: Buffer.alloc(0) };
    this.session.close(1001);
    this.#abandon();
  }

  #isOpen(data: unknown, callback: Callback | undefined) {
    if (this.#readyState === WebSocket.OPEN) return true;
    this.#refused += data instanceof Blob ? data.size : bytesOf(data).length;
    const state = this.#readyState === WebSocket.CLOSING ? '2 (CLOSING)' : '3 (CLOSED)';
    if (callback) process.nextTick(callback, new Error(`WebSocket is not open: readyState ${state}`));
    return false;
  }

  #report(error: Error) {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  #finish(code: number, reason: Buffer) {
    clearTimeout(this.#closeTimer);
    this.resume();
    this.#readyState = WebSocket.CLOSED;
    // Apart from the promise of the handler, which what a listener throws must not reach.
    process.nextTick(() => this.emit('close', code, reason));
  }
}

/** As that of ws. */
export const createWebSocketStream = (socket: WebSocket, options?: DuplexOptions): Duplex => {
  const stream = wsStream(socket, options);
  // That of ws waits for a TCP connection.
  if (socket instanceof SessionWebSocket)
    stream._final = (done) => {
      socket.close();
      done();
    };
  return stream;
};

const bytesOf = (data: unknown): Buffer => {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (typeof data === 'number') return Buffer.from(String(data));
  if (data instanceof Blob) throw new TypeError('Undrop: a Blob is not sent: send its bytes, await blob.arrayBuffer()');
  return Buffer.from((data ?? '') as ArrayBuffer);
};

const textOf = (data: unknown) => (typeof data === 'string' ? data : bytesOf(data).toString());

/** `(data, mask, callback)`, of which each may be missing. */
const controlOf = (args: unknown[]): { data: Buffer; callback: Callback | undefined } => {
  const callback = args.find((arg): arg is Callback => typeof arg === 'function');
  return { data: bytesOf(typeof args[0] === 'function' ? undefined : args[0]), callback };
};
