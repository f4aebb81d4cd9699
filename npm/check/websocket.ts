// A WebSocket client that can break every rule of RFC 6455 and of the protocol: no library sends a frame that is not masked, or
// half of one.

import { createHash, randomBytes } from 'node:crypto';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

/** What comes from the server. Its pings are answered here. */
export type Event =
  | { kind: 'text'; text: string }
  | { kind: 'binary'; bytes: Buffer }
  | { kind: 'pong'; bytes: Buffer }
  | { kind: 'close'; code: number | undefined; reason: string }
  /** TCP has ended without a close frame, or what came is no frame. */
  | { kind: 'gone'; why: string };

export interface Request {
  url: URL;
  headers: readonly [string, string][];
  protocols: readonly string[];
}

/** How the server has answered the request for a WebSocket. */
export type Answer =
  | { kind: 'accepted'; socket: RawSocket; protocol: string | undefined }
  | { kind: 'refused'; status: number }
  | { kind: 'no-websocket'; why: string };

/** How a frame differs from a whole text frame. */
export interface FrameOptions {
  opcode?: number;
  isFinal?: boolean;
  isMasked?: boolean;
  /** The bits RSV1 to RSV3. */
  reserved?: number;
  /** What the header says of the length, whatever the payload has. */
  length?: bigint;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** There is nobody to connect to. */
export class NoConnection extends Error {}

/** Rejects with `NoConnection`. */
export async function request({ url, headers, protocols }: Request, timeout: number): Promise<Answer> {
  const stream = await connected(url, timeout);
  const key = randomBytes(16).toString('base64');
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  stream.write(`${lines.join('\r\n')}\r\n\r\n`);
  const response = await head(stream, timeout);
  if (!response) {
    stream.destroy();
    return { kind: 'no-websocket', why: 'no complete answer to the HTTP request' };
  }
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(response.text)?.[1]);
  const answer = new Map(
    [...response.text.matchAll(/^([^\s:]+):[ \t]*(.*?)[ \t]*$/gm)].map(([, name, value]) => [
      (name as string).toLowerCase(),
      value as string,
    ]),
  );
  if (status !== 101) {
    stream.destroy();
    return Number.isNaN(status)
      ? { kind: 'no-websocket', why: 'an answer that is not HTTP/1.1' }
      : { kind: 'refused', status };
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const complaint =
    answer.get('sec-websocket-accept') !== accept
      ? 'the header Sec-WebSocket-Accept does not fit the key of the request'
      : answer.has('sec-websocket-extensions')
        ? 'an extension was selected, and none was offered'
        : undefined;
  if (complaint) {
    stream.destroy();
    return { kind: 'no-websocket', why: complaint };
  }
  return {
    kind: 'accepted',
    socket: new RawSocket(stream, response.rest),
    protocol: answer.get('sec-websocket-protocol'),
  };
}

function connected(url: URL, timeout: number): Promise<Socket> {
  const isSecure = url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (isSecure ? 443 : 80));
  return new Promise((resolve, reject) => {
    const stream = isSecure
      ? connectSecure({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
      : connectPlain({ host, port });
    const timer = setTimeout(() => stream.destroy(new Error(`it took more than ${timeout} ms`)), timeout);
    stream.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      stream.off('error', reject);
      // What becomes of it is said by its end.
      stream.on('error', () => {});
      stream.setNoDelay(true);
      resolve(stream);
    });
    stream.once('error', (error) => {
      clearTimeout(timer);
      reject(new NoConnection(`can't connect to ${url.host}: ${messageOf(error)}`));
    });
  });
}

/** An address with several candidates fails with an error for each. */
const messageOf = (error: Error & { code?: string; errors?: Error[] }) =>
  error.message || error.errors?.[0]?.message || error.code || error.name;

function head(stream: Socket, timeout: number): Promise<{ text: string; rest: Buffer } | undefined> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    const finish = (result: { text: string; rest: Buffer } | undefined) => {
      clearTimeout(timer);
      stream.off('data', read).off('close', gone);
      stream.pause();
      resolve(result);
    };
    const read = (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      const end = all.indexOf('\r\n\r\n');
      if (end >= 0) finish({ text: all.toString('latin1', 0, end), rest: all.subarray(end + 4) });
    };
    const gone = () => finish(undefined);
    const timer = setTimeout(gone, timeout);
    stream.on('data', read).once('close', gone);
  });
}

/** An open WebSocket. */
export class RawSocket {
  readonly #stream: Socket;
  readonly #events: Event[] = [];
  #wake: (() => void) | undefined;
  #unread: Buffer = Buffer.alloc(0);
  /** The message that has begun and not ended. */
  #parts: { opcode: number; payloads: Buffer[] } | undefined;
  #hasEnded = false;
  /** After so many more bytes the connection breaks. */
  #readable = Number.POSITIVE_INFINITY;
  #writable = Number.POSITIVE_INFINITY;
  #atLimit: () => void = () => {};

  constructor(stream: Socket, rest: Buffer) {
    this.#stream = stream;
    stream.on('data', (chunk) => this.#read(chunk));
    stream.once('close', () => this.#end({ kind: 'gone', why: 'the connection ended without a close frame' }));
    this.#read(rest);
    stream.resume();
  }

  /** What comes next; undefined if nothing does for so many milliseconds. */
  async next(timeout: number): Promise<Event | undefined> {
    if (this.#events.length === 0) {
      await new Promise<void>((resolve) => {
        // On a busy machine a timer can be due before what has long arrived is read: that is read first.
        const timer = setTimeout(() => setImmediate(resolve), timeout);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#events.shift();
  }

  frame(payload: string | Buffer, options: FrameOptions = {}): void {
    this.write(encode(typeof payload === 'string' ? Buffer.from(payload) : payload, options));
  }

  write(bytes: Buffer): void {
    if (this.#stream.destroyed || this.#writable <= 0) return;
    const allowed = bytes.subarray(0, this.#writable);
    this.#writable -= bytes.length;
    this.#stream.write(allowed);
    if (this.#writable <= 0) this.#limitReached();
  }

  close(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.frame(payload, { opcode: opcodes.close });
  }

  /** Holds back what is written until `uncork`, so that it leaves in one packet. */
  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  /** How many bytes are written and not yet given to the system. */
  get buffered(): number {
    return this.#stream.writableLength;
  }

  /** Breaks the connection without a word. What has been written still leaves. */
  cut(): void {
    this.#stream.destroySoon();
  }

  /** Breaks the connection once so many more bytes were read or written; `atLimit` is called then. */
  limit(readable: number, writable: number, atLimit: () => void): void {
    this.#readable = readable;
    this.#writable = writable;
    this.#atLimit = atLimit;
  }

  #limitReached() {
    this.#readable = this.#writable = 0;
    this.#end({ kind: 'gone', why: 'the connection was cut here' });
    const atLimit = this.#atLimit;
    this.#atLimit = () => {};
    atLimit();
  }

  #read(chunk: Buffer) {
    if (this.#hasEnded) return;
    const allowed = chunk.subarray(0, this.#readable);
    this.#readable -= chunk.length;
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, allowed]) : allowed;
    for (let frame = decode(this.#unread); frame && !this.#hasEnded; frame = decode(this.#unread)) {
      this.#unread = this.#unread.subarray(frame.size);
      this.#take(frame);
    }
    if (this.#readable <= 0) this.#limitReached();
  }

  #take({ opcode, isFinal, isMasked, reserved, payload }: Frame) {
    const isControl = opcode >= 8;
    if (isMasked) return this.#refuse('a masked frame, which a server must not send');
    if (reserved !== 0) return this.#refuse('a frame with a reserved bit');
    if (isControl && (!isFinal || payload.length > 125)) return this.#refuse('a control frame in parts, or too long');
    switch (opcode) {
      case opcodes.text:
      case opcodes.binary:
        if (this.#parts) return this.#refuse('a message within another one');
        this.#parts = { opcode, payloads: [payload] };
        return isFinal && this.#finishMessage();
      case opcodes.continuation:
        if (!this.#parts) return this.#refuse('a continuation of nothing');
        this.#parts.payloads.push(payload);
        return isFinal && this.#finishMessage();
      case opcodes.ping:
        return this.frame(payload, { opcode: opcodes.pong });
      case opcodes.pong:
        return this.#emit({ kind: 'pong', bytes: payload });
      case opcodes.close: {
        const code = payload.length >= 2 ? payload.readUInt16BE() : undefined;
        this.#end({ kind: 'close', code, reason: payload.toString('utf8', 2) });
        this.frame(payload.subarray(0, 2), { opcode: opcodes.close });
        this.#stream.end();
        return;
      }
      default:
        return this.#refuse(`a frame with opcode ${opcode}`);
    }
  }

  #finishMessage() {
    const { opcode, payloads } = this.#parts as { opcode: number; payloads: Buffer[] };
    this.#parts = undefined;
    const bytes = payloads.length === 1 ? (payloads[0] as Buffer) : Buffer.concat(payloads);
    if (opcode === opcodes.binary) return this.#emit({ kind: 'binary', bytes });
    const text = bytes.toString();
    if (Buffer.compare(Buffer.from(text), bytes) !== 0) return this.#refuse('a text that is not UTF-8');
    this.#emit({ kind: 'text', text });
  }

  #refuse(what: string) {
    this.#end({ kind: 'gone', why: `${what} came` });
    this.#stream.destroy();
  }

  #end(event: Event) {
    if (this.#hasEnded) return;
    this.#emit(event);
    this.#hasEnded = true;
  }

  #emit(event: Event) {
    if (this.#hasEnded) return;
    this.#events.push(event);
    this.#wake?.();
  }
}

interface Frame {
  opcode: number;
  isFinal: boolean;
  isMasked: boolean;
  reserved: number;
  payload: Buffer;
  size: number;
}

/** The frame that these bytes begin with, if it is there as a whole. */
function decode(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = bytes as unknown as [number, number];
  const short = second & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const size = start + length;
  if (bytes.length < size) return undefined;
  return {
    opcode: first & 0xf,
    isFinal: (first & 0x80) !== 0,
    isMasked: (second & 0x80) !== 0,
    reserved: (first >> 4) & 7,
    payload: bytes.subarray(start, size),
    size,
  };
}

function encode(payload: Buffer, options: FrameOptions): Buffer {
  const { opcode = opcodes.text, isFinal = true, isMasked = true, reserved = 0 } = options;
  const length = options.length ?? BigInt(payload.length);
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0);
  const header = Buffer.alloc(length > 65_535n ? 10 : length > 125n ? 4 : 2);
  header[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (isMasked ? 0x80 : 0) | (header.length === 10 ? 127 : header.length === 4 ? 126 : Number(length));
  if (header.length === 10) header.writeBigUInt64BE(length, 2);
  else if (header.length === 4) header.writeUInt16BE(Number(length), 2);
  const masked = Buffer.from(payload);
  if (isMasked) for (const [index, byte] of masked.entries()) masked[index] = byte ^ mask.readUInt8(index & 3);
  return Buffer.concat([header, mask, masked]);
}
