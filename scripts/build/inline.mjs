// Writes a WebAssembly module into JavaScript.

import { Buffer } from 'node:buffer';

/**
 * An ES module beside those of `npm/`, whose default export decodes the bytes. Hexadecimal, since browsers decode it by themselves, within 0.1
 * ms where a loop in cold JavaScript takes 5, and since it survives whatever is done to a script: other quotes, other
 * encodings. Base64 is decoded as fast, but shifts the bytes against each other and compresses to 2 KB more.
 */
export const inlined = (bytes) => `
  import { fromHex } from './hex.js';
  export default () => fromHex(${JSON.stringify(Buffer.from(bytes).toString('hex'))});`;
