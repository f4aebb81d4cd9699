import bytes from '#wasm/bytes';
import { provide } from './ready.js';

provide(() => new WebAssembly.Module(bytes()));

export { Undrop, Undrop as default, type UndropOptions } from './undrop.js';
