// The conversions of WebIDL, which decide what the standard's methods throw. https://webidl.spec.whatwg.org/#js-type-mapping

/** A value, or a function that returns or promises it at each attempt: a new token, another server. */
export type Given<T> = T | (() => T | Promise<T>);

export const evaluate = <T>(given: Given<T>) =>
  typeof given === 'function' ? (given as () => T | Promise<T>)() : given;

export const toUrl = (given: unknown): string => `${given}`;

/** `optional (DOMString or sequence<DOMString>) protocols` */
export const toProtocols = (given: unknown): string[] => {
  const iterate = Object(given) === given ? (given as Iterable<unknown>)[Symbol.iterator] : null;
  if (iterate == null) {
    const text = `${given}`;
    // The standard takes it, and it is hardly ever meant.
    if (text !== given) console.warn(`Undrop: ${text} is taken as a subprotocol. Options are the third argument.`);
    return [text];
  }
  const iterator = iterate.call(given);
  const { next } = iterator;
  // The iterator gets no `return`: WebIDL does not close it when a conversion throws.
  return Array.from({ [Symbol.iterator]: () => ({ next: next.bind(iterator) }) }, (one) => `${one}`);
};

/** The `signal` of options, unless it was aborted: then what it was aborted with is thrown. */
export const toSignal = (options: unknown): AbortSignal | undefined => {
  const { signal } = Object(options) as { signal?: AbortSignal };
  if (signal && !(signal as Partial<AbortSignal>).throwIfAborted)
    throw new TypeError(`Undrop: signal must be an AbortSignal, not ${signal}.`);
  signal?.throwIfAborted();
  return signal;
};

/** `optional [Clamp] unsigned short code` */
export const toCloseCode = (given: unknown): number | undefined => {
  if (given === undefined) return;
  const clamped = Math.min(Math.max(+(given as number) || 0, 0), 65_535);
  const rounded = Math.round(clamped);
  // Halves are rounded to the even number.
  return rounded - clamped === 0.5 && rounded % 2 ? rounded - 1 : rounded;
};

/** `optional USVString reason` */
export const toReason = (given: unknown): string => (given === undefined ? '' : `${given}`);

/** A message that has to wait stays what it was when it was sent. Tags tell the classes of other frames, too. */
export const toMessage = (data: unknown): ArrayBuffer | Blob | string => {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  if (tag === 'ArrayBuffer') return (data as ArrayBuffer).slice(0);
  return tag === 'Blob' || tag === 'File' ? (data as Blob) : `${data}`;
};

/** How much a message counts: its bytes, or the length of a text. */
export const sizeOf = (data: unknown): number => {
  if (typeof data === 'string') return data.length;
  try {
    const { byteLength, size } = Object(data) as { byteLength?: number; size?: number };
    return byteLength ?? size ?? 0;
  } catch {
    // A detached view, an imitation of a Blob: the browser knows what to make of them.
    return 0;
  }
};
