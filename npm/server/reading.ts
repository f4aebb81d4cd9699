// How a WebSocket of ws is read: a few frames at a time, and with an account of what ws holds of a message that is not there in
// whole. ws itself takes all that a connection has brought at once, and holds up to the size of the largest message for each.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { core } from './core.js';
import type { ServerConnection } from './sessions.js';

/** So many frames are given to ws before it is asked whether there may be more. */
const MOST_FRAMES = 16;
/** What each part of an unfinished message takes in ws beside its bytes. */
const PART = 256;

/** Has a WebSocket that ws has just made read in turns: whoever pauses it is given nothing more. */
export const readInTurns = (socket: WebSocket, stream: Duplex, connection: ServerConnection) => {
  // The last listener is that of ws.
  const take = stream.listeners('data').at(-1) as (chunk: Buffer) => void;
  const frames = new Frames();
  // Of an unfinished message that is no larger is not told: it does not count.
  const uncounted = core().uncountedBytes();
  let held = 0;
  let told = 0;

  const read = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      if (socket.isPaused) return stream.unshift(chunk.subarray(at));
      const end = frames.skip(chunk, at);
      // ws holds what has come of a message as it came, and a part of a chunk would hold all of it.
      const part = at === 0 && end === chunk.length ? chunk : Buffer.from(chunk.subarray(at, end));
      at = end;
      take.call(stream, part);
      count(part.length);
    }
  };
  const count = (bytes: number) => {
    if (frames.isWhole) held = 0;
    else held = (frames.hasMessage ? 0 : held) + bytes + PART;
    const counts = held > uncounted ? held : 0;
    if (counts === told) return;
    told = counts;
    connection.unfinished(counts);
  };
  // ws reads no more either.
  const end = () => stream.off('data', read);

  // When the connection has closed, ws would read all that is left at once, which may be ten thousand messages, for others to wait
  // for. A client that comes back sends it again.
  const discard = () => {
    stream.read(stream.readableLength);
  };

  stream.off('data', take).on('data', read).once('close', end).prependOnceListener('close', discard);
  socket.once('error', end);
};

/** Where frames begin and end in what a client sends. <https://www.rfc-editor.org/rfc/rfc6455#section-5.2> */
class Frames {
  readonly #header = new DataView(new ArrayBuffer(14));
  /** How much of a header is there that is not there in whole. */
  #length = 0;
  #isControl = false;
  /** How much of the frame's payload is to come. */
  #missing = 0;
  /** Whether the message goes on after this frame. */
  #isFragment = false;
  /** Whether a message has ended in what was last skipped. */
  hasMessage = false;

  /** Whether nothing of a message or a frame is left over. */
  get isWhole(): boolean {
    return this.#length === 0 && this.#missing === 0 && !this.#isFragment;
  }

  /** Skips some frames of a chunk from here on. Returns where the last one of them ends, or the chunk. */
  skip(chunk: Uint8Array, from: number): number {
    this.hasMessage = false;
    let at = from;
    for (let count = 0; count < MOST_FRAMES && at < chunk.length; count++) {
      if (this.#missing === 0) at = this.#skipHeader(chunk, at);
      const here = Math.min(this.#missing, chunk.length - at);
      this.#missing -= here;
      at += here;
      const ends = this.#missing === 0 && this.#length === 0;
      if (ends && !this.#isControl && !this.#isFragment) this.hasMessage = true;
    }
    return at;
  }

  #skipHeader(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      this.#header.setUint8(this.#length++, chunk[at] as number);
      if (this.#length < 2 || this.#length < headerSize(this.#header.getUint8(1))) continue;
      this.#length = 0;
      this.#beginFrame();
      return at + 1;
    }
    return chunk.length;
  }

  #beginFrame() {
    const first = this.#header.getUint8(0);
    this.#isControl = (first & 0xf) >= 8;
    if (!this.#isControl) this.#isFragment = first < 0x80;
    const length = this.#header.getUint8(1) & 0x7f;
    if (length === 126) this.#missing = this.#header.getUint16(2);
    else this.#missing = length === 127 ? Number(this.#header.getBigUint64(2)) : length;
  }
}

const headerSize = (second: number) => {
  const length = second & 0x7f;
  const mask = second & 0x80 ? 4 : 0;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + mask;
};
