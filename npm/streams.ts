// Messages as async iterators and streams: received ones for a reader with a pace of its own, sent ones at the pace of
// the network.

import { exception } from '#native';
import { type Socket, shellOf } from './socket.js';

export interface Collecting {
  signal?: AbortSignal | undefined;
  /** How many messages may wait for the reader; one more ends the iterator with a QuotaExceededError. Default: 1,024. */
  limit?: number | undefined;
}

/** The writer pauses while more bytes than this wait to be sent. */
const HIGH_WATER = 2 ** 20;

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Returns an iterator of the values that `start` puts. What was put before the end is still read, unless the signal was
 * aborted.
 *
 * @param start - Begins to put values, and returns what stops that.
 * @param type - Of which messages, for the error if too many wait.
 */
export const collect = <T>(
  start: (put: (value: T) => void, end: () => void) => () => void,
  { signal, limit = 1024 }: Collecting = {},
  type = '*',
): Required<Omit<AsyncIterableIterator<T, undefined>, 'throw'>> => {
  const values: T[] = [];
  /** The calls of `next` that wait for a value. There are none while values wait. */
  const readers: Reader<T>[] = [];
  let isOver = false;
  /** Holds the error of the end until the first reader after it has got it. */
  const errors: unknown[] = [];

  const next = () =>
    new Promise<IteratorResult<T, undefined>>((resolve, reject) => {
      if (values.length) resolve({ done: false, value: values.shift() as T });
      else if (errors.length) reject(errors.shift());
      else if (isOver) resolve({ done: true, value: undefined });
      else readers.push({ resolve, reject });
    });
  const end = (...error: unknown[]) => {
    if (isOver) return;
    isOver = true;
    stop?.();
    signal?.removeEventListener('abort', abort);
    errors.push(...error);
    for (const { resolve, reject } of readers) next().then(resolve, reject);
  };
  const abort = () => {
    end(signal?.reason);
    values.length = 0;
  };
  const put = (value: T) => {
    const reader = readers.shift();
    if (reader) reader.resolve({ done: false, value });
    else if (values.length < limit) values.push(value);
    else end(exception('QuotaExceededError', `more than ${limit} messages wait to be read (${type})`));
  };
  let stop: (() => void) | undefined;
  if (signal?.aborted) abort();
  else {
    stop = start(put, () => end());
    signal?.addEventListener('abort', abort);
  }
  return {
    next,
    return: () => {
      end();
      values.length = errors.length = 0;
      return next();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};

/** A stream of the data of each `message` event from now on. */
export const readable = (socket: Socket): ReadableStream<unknown> => {
  const messages = collect<unknown>((put, end) => {
    const onMessage = ({ data }: MessageEvent) => put(data);
    socket.addEventListener('message', onMessage);
    socket.addEventListener('close', end);
    return () => {
      socket.removeEventListener('message', onMessage);
      socket.removeEventListener('close', end);
    };
  });
  if (socket.state === 'closed') messages.return();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await messages.return();
      },
    },
    // The stream buffers nothing itself: messages wait in the iterator, where `limit` counts them.
    { highWaterMark: 0 },
  );
};

/** A stream that sends each chunk as a message, at the pace of the network. */
export const writable = (socket: Socket): WritableStream<string | ArrayBuffer | ArrayBufferView | Blob> =>
  new WritableStream({
    async write(chunk, controller) {
      const shell = shellOf(socket);
      shell.send(chunk, (outcome) => {
        if (outcome !== 'sent' && outcome !== 'delivered')
          controller.error(exception('NetworkError', `a chunk was not sent: ${shell.describe(outcome)}`));
      });
      // No event says that the browser's buffer has emptied.
      while (socket.bufferedAmount > HIGH_WATER && socket.state !== 'closed' && !controller.signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: () => socket.flushed(),
  });
