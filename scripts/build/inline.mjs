// Ways to write a WebAssembly module into a JavaScript string, each as the source of an ES module whose default
// export is the function that decodes it.
//
// The string has to survive what happens to a package: minifiers that choose other quotes or write template literals,
// bundlers that escape all that is not ASCII, pages that are not UTF-8. `printable` does, byte-aligned, so that a
// compressor still sees WebAssembly. Base64 is as safe, but shifts the bytes against each other and hides the
// repetitions. `latin1` is the smallest as long as nobody touches it, and among the largest once a bundler has escaped it.

import { Buffer } from 'node:buffer';

/** One character for each of the low bytes, an escape and one character for the rest. */
export function printable(bytes) {
  const text = [...bytes].map((byte) => escapeOf(byte) + String.fromCharCode(FIRST + (byte % PAGE))).join('');
  return `
    const decode = (text) => {
      let at = 0, length = 0, byte;
      const bytes = new Uint8Array(${bytes.length});
      for (; length < bytes.length; bytes[length++] = byte) {
        byte = text.charCodeAt(at++) - ${FIRST};
        if (byte >= ${PAGE}) byte = (byte - ${PAGE - 1}) * ${PAGE} + text.charCodeAt(at++) - ${FIRST};
      }
      return bytes;
    };
    export default () => decode(${JSON.stringify(text)});`;
}

export function base64(bytes) {
  const text = Buffer.from(bytes).toString('base64');
  return `export default () => Uint8Array.from(atob("${text}"), (char) => char.charCodeAt());`;
}

export function latin1(bytes) {
  const text = JSON.stringify(Buffer.from(bytes).toString('latin1'));
  return `export default () => Uint8Array.from(${text}, (char) => char.charCodeAt());`;
}

// The printable code has three pages: the bytes that are written as a character alone, as the first escape and a
// character, as the second escape and a character. In WebAssembly the low bytes are the frequent ones, and each keeps
// its place among the others: a table of which are the most frequent made the text shorter and the package larger.
const FIRST = 0x23; // #, since what stands before it has to be escaped in a string
const PAGE = 90; // up to |, so that } and ~ are the escapes

const escapeOf = (byte) => (byte < PAGE ? '' : String.fromCharCode(FIRST + PAGE - 1 + Math.floor(byte / PAGE)));
