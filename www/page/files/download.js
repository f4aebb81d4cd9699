// Downloads a file: the server sends its pieces. When a connection without a session is lost, the missing pieces are requested
// again.

import { parse } from './pieces.js';

/** The most downloads at a time. */
const AT_ONCE = 3;

export class Downloads {
  #connection;
  #room;
  /** The downloads in progress, by the number of the file. */
  #running = new Map();
  #waiting = [];

  constructor(connection, room) {
    this.#connection = connection;
    this.#room = room;
    connection.on('binary', (frame) => this.#take(frame));
    room.addEventListener('joined', () => {
      for (const download of this.#running.values()) this.#request(download);
    });
  }

  /** Returns the file as a Blob without a type. `progress` is called with the share that has arrived. */
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
    if (this.#room.isJoined) this.#request(download);
  }

  async #request(download) {
    const { number } = download.file;
    try {
      await this.#connection.socket.request('fetch', { file: number, from: download.have });
    } catch (error) {
      // After a lost connection the request is repeated on `joined`.
      if (error.name === 'ReplyError') this.#end(download, () => download.reject(error));
    }
  }

  #take(frame) {
    const { number, offset, piece } = parse(frame);
    const download = this.#running.get(number);
    // The piece may answer an earlier request.
    if (download?.have !== offset) return;
    const { file, pieces } = download;
    pieces.push(piece);
    download.have += piece.byteLength;
    download.progress(download.have / file.size);
    if (download.have >= file.size) this.#end(download, () => download.resolve(new Blob(pieces)));
  }

  #end(download, settle) {
    this.#running.delete(download.file.number);
    settle();
    this.#next();
  }
}
