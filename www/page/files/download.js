// Getting a file: the server sends its pieces, and after a line that died without a session what is missing.

import { parse } from './pieces.js';

/** As many at a time. */
const AT_ONCE = 3;

export class Downloads {
  #connection;
  #room;
  /** Those that are on their way, by number. */
  #running = new Map();
  #waiting = [];

  constructor(connection, room) {
    this.#connection = connection;
    this.#room = room;
    connection.on('binary', (frame) => this.#take(frame));
    room.addEventListener('joined', () => {
      for (const download of this.#running.values()) this.#ask(download);
    });
  }

  /** Gives the file as a Blob without a type. `progress` is told what share of it is here. */
  get(file, progress) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ file, progress, resolve, reject, pieces: [], have: 0 });
      this.#next();
    });
  }

  #next() {
    if (this.#running.size >= AT_ONCE || !this.#waiting.length) return;
    const download = this.#waiting.shift();
    this.#running.set(download.file.number, download);
    if (this.#room.isJoined) this.#ask(download);
  }

  async #ask(download) {
    const { number } = download.file;
    try {
      await this.#connection.line.request('fetch', { file: number, from: download.have });
    } catch (error) {
      // If it was the line that went, the next one asks.
      if (error.name === 'ReplyError') this.#end(download, () => download.reject(error));
    }
  }

  #take(frame) {
    const { number, offset, piece } = parse(frame);
    const download = this.#running.get(number);
    // An earlier question may have been answered, too.
    if (download?.have !== offset) return;
    const { file, pieces } = download;
    pieces.push(piece);
    download.have += piece.byteLength;
    download.progress(download.have / file.size);
    if (download.have >= file.size) this.#end(download, () => download.resolve(new Blob(pieces)));
  }

  #end(download, tell) {
    this.#running.delete(download.file.number);
    tell();
    this.#next();
  }
}
