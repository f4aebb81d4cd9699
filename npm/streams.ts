// What arrives, for who reads at their own pace, and what leaves, at the pace of the network.

import { inside, type Undrop } from './undrop.js';

export interface Collecting {
  signal?: AbortSignal;
  /** How many may wait for the reader; one more ends it with a QuotaExceededError. 1,024. */
  limit?: number;
}

/** What waits to be sent before a writer is held up. */
const HIGH_WATER = 2 ** 20;

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** `start` registers, and returns what undoes that. What was put before the end is still read, unless it was aborted. */
export const collect = <T>(
  start: (put: (value: T) => void, end: () => void) => () => void,
  { signal, limit = 1024 }: Collecting = {},
): Required<Omit<AsyncIterableIterator<T, undefined>, 'throw'>> => {
  const values: T[] = [];
  /** There are some only as long as there are no values. */
  const readers: Reader<T>[] = [];
  let isOver = false;
  /** What the first reader after the end is told. */
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
    else end(new DOMException(`Undrop: more than ${limit} messages wait to be read.`, 'QuotaExceededError'));
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

/** What each message holds, from now on. */
export const readable = (socket: Undrop): ReadableStream<unknown> => {
  const messages = collect<unknown>((put, end) => {
    const hear = ({ data }: MessageEvent) => put(data);
    socket.addEventListener('message', hear);
    socket.addEventListener('close', end);
    return () => {
      socket.removeEventListener('message', hear);
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
    // It reads when it is asked to: what waits does so in one place.
    { highWaterMark: 0 },
  );
};

/** Sends each chunk as a message, as fast as the network takes them. */
export const writable = (socket: Undrop): WritableStream<string | ArrayBuffer | ArrayBufferView | Blob> =>
  new WritableStream({
    async write(chunk, controller) {
      inside(socket).post(chunk, (fate) => {
        if (fate !== 'sent')
          controller.error(new DOMException(`Undrop: a chunk was not sent (${fate}).`, 'NetworkError'));
      });
      // The browser does not say when its buffer has emptied.
      while (socket.bufferedAmount > HIGH_WATER && socket.state !== 'closed' && !controller.signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: () => socket.flushed(),
  });
