// Turns what a case saw into plain JSON data, so that two classes can be compared by value.

/** Runs `action` and returns how it ended, as data. */
export function attempt(action) {
  try {
    return { returned: plain(action()) };
  } catch (error) {
    return { threw: describeError(error) };
  }
}

/** An exception without its message, which every browser words its own way. */
export function describeError(error) {
  if (error instanceof DOMException) return { class: 'DOMException', name: error.name, code: error.code };
  if (error instanceof Error) return { class: error.constructor.name, name: error.name };
  return { value: plain(error) };
}

/** JSON has no undefined, NaN, functions or symbols; each of them gets a name here. */
export function plain(value) {
  if (value === undefined) return '<undefined>';
  if (typeof value === 'number') return Number.isFinite(value) ? value : `<${value}>`;
  if (typeof value === 'function') return `<function ${value.name}>`;
  if (typeof value === 'symbol' || typeof value === 'bigint') return `<${String(value)}>`;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return Object.prototype.toString.call(value);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

/** Everything a listener can read from an event while it is dispatched. */
export function describeEvent(event, socket) {
  const path = event.composedPath();
  const common = {
    class: event.constructor.name,
    type: event.type,
    target: event.target === socket,
    currentTarget: event.currentTarget === socket,
    srcElement: event.srcElement === socket,
    composedPath: path.length === 1 && path[0] === socket,
    eventPhase: event.eventPhase,
    bubbles: event.bubbles,
    cancelable: event.cancelable,
    composed: event.composed,
    defaultPrevented: event.defaultPrevented,
    returnValue: event.returnValue,
    cancelBubble: event.cancelBubble,
    isTrusted: event.isTrusted,
    timeStamp: typeof event.timeStamp,
  };
  if (event instanceof MessageEvent) {
    const { origin, lastEventId, source, ports } = event;
    const portsFrozen = Object.isFrozen(ports);
    return { ...common, data: plain(event.data), origin, lastEventId, source, ports: [...ports], portsFrozen };
  }
  if (event instanceof CloseEvent) return { ...common, ...describeClose(event) };
  return common;
}

/** The three fields of a CloseEvent. */
export function describeClose({ code, reason, wasClean }) {
  return { code, reason, wasClean };
}

/** A property's descriptor with its functions described, not compared. */
export function describeProperty(holder, key) {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property === undefined) return '<absent>';
  const { get, set, value, ...flags } = property;
  if (get || set) return { ...flags, get: describeFunction(get), set: describeFunction(set) };
  return { ...flags, value: typeof value === 'function' ? describeFunction(value) : plain(value) };
}

function describeFunction(subject) {
  if (subject === undefined) return '<undefined>';
  return { name: subject.name, length: subject.length, prototype: Object.hasOwn(subject, 'prototype') };
}

/** What came in a message: the text, or the kind of the binary object and its bytes. */
export async function describeData(data) {
  if (typeof data === 'string') return data.length > 200 ? { length: data.length, hash: hashText(data) } : data;
  const bytes = new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
  const kind = Object.prototype.toString.call(data);
  return bytes.length > 200 ? { kind, length: bytes.length, hash: hashBytes(bytes) } : { kind, bytes: [...bytes] };
}

/** UTF-16 code units in hexadecimal, for text that JSON or a log would mangle. */
export const codeUnits = (text) => [...Array(text.length).keys()].map((at) => text.charCodeAt(at).toString(16));

const fnv = (hash, unit) => Math.imul(hash ^ unit, 0x01000193) >>> 0;

function hashText(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = fnv(hash, text.charCodeAt(at));
  return hash;
}

function hashBytes(bytes) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) hash = fnv(hash, bytes[at]);
  return hash;
}
