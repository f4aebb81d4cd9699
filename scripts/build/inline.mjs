// Ways to write a WebAssembly module into a JavaScript string, each as the source of an ES module whose default
// export is the function that decodes it.
//
// The string has to survive what happens to a package: minifiers that choose other quotes or write template literals,
// bundlers that escape all that is not ASCII, pages that are not UTF-8. `printable` does, byte-aligned, so that a
// compressor still sees WebAssembly. Base64 is as safe, but shifts the bytes against each other and hides the
// repetitions. `latin1` is the smallest as long as nobody touches it, and among the largest once a bundler has escaped it.

import { Buffer } from 'node:buffer';

/** One character for each of the frequent bytes, an escape and one character for the rest. */
export function printable(bytes) {
  const { table, words } = printableCode(bytes);
  const text = table + [...bytes].map((byte) => words[byte]).join('');
  return `
    const decode = (text) => {
      let at = 0, length = 0, byte = 0, code;
      const table = [], bytes = new Uint8Array(${bytes.length});
      for (; at < ${3 * SLOTS};) table[at] = byte += text.charCodeAt(at++) - ${STEP};
      for (; length < bytes.length; bytes[length++] = table[code]) {
        code = text.charCodeAt(at++) - ${FIRST};
        if (code == ${ESCAPES[0] - FIRST}) code = text.charCodeAt(at++) + ${SLOTS - FIRST};
        if (code == ${ESCAPES[1] - FIRST}) code = text.charCodeAt(at++) + ${2 * SLOTS - FIRST};
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

// The printable code. Its table has three pages of one slot for each printable character: the bytes that are written as
// that character alone, as the first escape and it, as the second escape and it. The table is sent as the differences
// between the bytes of its slots, which are in ascending order and so mostly 1.
const FIRST = 0x20;
const SLOTS = 95;
const ESCAPES = [0x5e, 0x5f]; // ^ and _, measured to cost the least
const STEP = 0x28; // the character for a difference of 0
const WIDEST = 0x7e - STEP;
// Space, quotes and what is special inside them, and `<`, which minifiers escape for the sake of `</script>`.
const unfit = new Set([' ', '"', '$', "'", '<', '\\', '`'].map((char) => char.charCodeAt()).concat(ESCAPES));
const fit = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => !unfit.has(slot + FIRST));

function printableCode(bytes) {
  const count = new Array(256).fill(0);
  for (const byte of bytes) count[byte]++;
  // Some bytes are always frequent, lest two neighbours in the table be too far apart for one difference.
  for (let byte = 0; byte < 256; byte += WIDEST) count[byte] = Infinity;
  const byCount = count.map((_, byte) => byte).sort((a, b) => (count[a] === count[b] ? a - b : count[b] - count[a]));
  const ascending = (list) => list.toSorted((a, b) => a - b);
  const order = [...ascending(byCount.slice(0, fit.length)), ...ascending(byCount.slice(fit.length))];

  const slots = new Array(3 * SLOTS);
  const words = [];
  order.forEach((byte, i) => {
    const page = Math.floor(i / fit.length);
    const slot = fit[i % fit.length];
    slots[page * SLOTS + slot] = byte;
    words[byte] = String.fromCharCode(...(page ? [ESCAPES[page - 1]] : []), slot + FIRST);
  });
  return { table: differences(slots), words };
}

function differences(slots) {
  let [byte, text] = [0, ''];
  slots = Array.from(slots);
  for (let i = 0; i < slots.length; i++) {
    const gap = ((slots.slice(i).find((next) => next !== undefined) ?? byte) - byte) & 255;
    // A slot without a byte is free to take a part of a way that is too long for the next.
    const step = slots[i] === undefined ? Math.max(0, gap - WIDEST) : gap;
    text += String.fromCharCode(STEP + step);
    byte = (byte + step) & 255;
  }
  return text;
}
