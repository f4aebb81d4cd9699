// Which bytes of a WebAssembly module are which function, by its `name` section, and what else is in it.
// https://webassembly.github.io/spec/core/binary/modules.html

import { Buffer } from 'node:buffer';

const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const NAMES = [
  'custom',
  'types',
  'imports',
  'functions',
  'tables',
  'memories',
  'globals',
  'exports',
  'start',
  'elements',
];
const SECTIONS = [...NAMES, 'code', 'data', 'data count'];
/** In the section of names, the names of functions. */
const FUNCTION_NAMES = 1;
/** Of an import, a function. */
const FUNCTION = 0;

/** Lists `{ name, begin, end }` of each function, and of each other section as `section …`, but for custom ones. */
export function parts(bytes) {
  const found = [];
  let names = new Map();
  let imported = 0;
  const reader = new Reader(bytes, 8);
  while (!reader.done()) {
    const begin = reader.at;
    const id = reader.byte();
    const section = reader.part();
    if (id === CUSTOM) {
      if (section.text() === 'name') names = functionNames(section);
    } else if (id === CODE) {
      found.push(...functions(section));
    } else {
      if (id === IMPORT) imported = importedFunctions(section);
      found.push({ name: `section ${SECTIONS[id]}`, begin, end: section.end });
    }
  }
  return found.map((part) => ({ ...part, name: part.name ?? names.get(imported + part.index) ?? 'without a name' }));
}

function functions(section) {
  return Array.from({ length: section.number() }, (_, index) => {
    const begin = section.at;
    const { end } = section.part();
    return { index, begin, end };
  });
}

function functionNames(section) {
  while (!section.done()) {
    const id = section.byte();
    const names = section.part();
    if (id === FUNCTION_NAMES)
      return new Map(Array.from({ length: names.number() }, () => [names.number(), names.text()]));
  }
  return new Map();
}

function importedFunctions(section) {
  let count = 0;
  for (let left = section.number(); left > 0; left--) {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === FUNCTION) {
      count++;
      section.number();
    } else section.skipOther(kind);
  }
  return count;
}

class Reader {
  constructor(bytes, at, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  done() {
    return this.at >= this.end;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** LEB128, unsigned. */
  number() {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) return value;
    }
  }

  /** What follows its own length, and is passed over by that. */
  part() {
    const length = this.number();
    this.at += length;
    return new Reader(this.bytes, this.at - length, this.at);
  }

  text() {
    const length = this.number();
    this.at += length;
    return Buffer.from(this.bytes.subarray(this.at - length, this.at)).toString();
  }

  /** A table, a memory or a global that is imported. */
  skipOther(kind) {
    const [TABLE, GLOBAL] = [1, 3];
    if (kind === TABLE || kind === GLOBAL) this.byte();
    if (kind === GLOBAL) this.byte();
    else if (this.byte() & 1) {
      this.number();
      this.number();
    } else this.number();
  }
}
