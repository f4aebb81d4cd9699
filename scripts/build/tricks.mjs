// What makes the package smaller than cargo, wasm-bindgen and wasm-opt make it. Each trick is one function, and
// `tests/packaging/tricks.test.mjs` fails when it earns less than 300 bytes.

import { Buffer } from 'node:buffer';
import { Failure } from '../lib/log.mjs';

/**
 * Arguments of cargo with which LLVM inlines only what is tiny. With them opt-level 3 makes a smaller module than "s" or
 * "z": small functions are inlined and folded, the rest is not copied. Loops are unrolled: such repetitions compress to
 * less than the code of a loop.
 */
export const copyLess = () => [
  '--config',
  'target.wasm32-unknown-unknown.rustflags=["-Cllvm-args=--inline-threshold=20"]',
];

/**
 * Has wasm-opt write the flow of control of each function anew before it optimizes for size, twice, since the second time finds
 * what the first has made possible; and order functions by their use. Nothing points below 1,024, where the stack ends.
 */
export const optimizeTwice = () => {
  const rewrite = ['--flatten', '--rereloop', '-Oz'];
  return ['--low-memory-unused', ...rewrite, ...rewrite, '--reorder-functions'];
};

/**
 * Empties the functions that panic and that format text, so that wasm-opt removes whatever only they use. In the npm build a
 * panic is a trap in any case: it aborts, and nothing prints its message. So is what wasm-bindgen throws about a mistake of
 * ours. Also empties the futures of js-sys, which are linked though nothing uses them.
 *
 * Fails if a function that stays formats text or has a future, because that would trap as well.
 */
export const silencePanics = (bytes) =>
  whileRead(bytes, (binaryen, module) => {
    assertNothingAbsent(module.emitText());
    for (let index = 0; index < module.getNumFunctions(); index++) {
      const ref = module.getFunctionByIndex(index);
      const { name, module: imported } = binaryen.getFunctionInfo(ref);
      if (!imported && PANICS.test(name)) binaryen.Function.setBody(ref, module.unreachable());
    }
    return Buffer.from(module.emitBinary());
  });

async function whileRead(bytes, work) {
  const { default: binaryen } = await import('binaryen');
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(bytes);
  try {
    return work(binaryen, module);
  } finally {
    module.dispose();
  }
}

const ABSENT = /\bfmt::|\bjspi::/;
const PANICS =
  /\bfmt::|\bpanicking::|\bpanic_\w+$|\bthrow_str\b|\bjspi::|rust_panic$|_fail(ed)?$|::(handle_error|capacity_overflow|handle_alloc_error|rust_oom)$|__rust_alloc_error_handler|rust_begin_unwind|__rust_(start_panic|end_short_backtrace)/;

/** `text` is the module in the text format of WebAssembly. */
function assertNothingAbsent(text) {
  let caller = '';
  for (const line of text.split('\n')) {
    const [, defined] = line.match(/^ \(func \$("[^"]*"|\S+)/) ?? [];
    const [, called] = line.match(/\(call \$("[^"]*"|\S+)/) ?? [];
    caller = defined ?? caller;
    if (called && ABSENT.test(called) && !PANICS.test(unquoted(caller)))
      throw new Failure(
        `${caller} calls ${called}: let JavaScript do it, since the npm build holds no formatting and no futures`,
      );
  }
}

const unquoted = (name) => name.replace(/^"|"$/g, '');

/** Messages of Rust's libraries. One that is missing here is merely longer. */
const MESSAGES = [
  'memory allocation of ',
  ' bytes failed',
  'capacity overflow',
  'Attempted to initialize thread-local while it is being dropped',
  'cannot access a Thread Local Storage value during or after destruction: ',
  'copy_from_slice: source slice length (',
  ') does not match destination slice length (',
  'assertion failed: i < self.len()',
  'attempt to join into collection with len > usize::MAX',
  'internal error: entered unreachable code',
  ": The JS binding should only ever produce a valid value or the specific 'invalid' value",
  'LazyCell instance has previously been poisoned',
  'RefCell already mutably borrowed',
  'RefCell already borrowed',
  'called `Result::unwrap_throw()` on an `Err` value',
  'called `Option::unwrap_throw()` on a `None` value',
  'mid > len',
  'FnOnce called more than once',
  'closure invoked recursively or after being dropped',
  Array.from({ length: 100 }, (_, number) => `${number}`.padStart(2, '0')).join(''),
];

/**
 * Writes zeros over the messages of panics, which nothing prints, and over the places in the source that are told with them:
 * wasm-opt omits zeros.
 */
export const erasePanicTexts = (bytes) =>
  whileRead(bytes, (_, module) => {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegment('.rodata'));
    const erased = Buffer.from(module.emitBinary());
    const at = erased.indexOf(Buffer.from(data));
    eraseIn(erased.subarray(at, at + data.byteLength), offset);
    return erased;
  });

/** `offset`: the address of the data. */
function eraseIn(data, offset) {
  for (const message of MESSAGES) {
    for (let at = data.indexOf(message); at >= 0; at = data.indexOf(message)) data.fill(0, at, at + message.length);
  }
  // A `core::panic::Location` is the address and the length of a file's name, a line, and a column. Files are shared.
  const files = [];
  for (let at = 0; at + 16 <= data.length; at += 4) {
    const [begin, length] = [data.readUInt32LE(at) - offset, data.readUInt32LE(at + 4)];
    const isInside = begin >= 0 && length < 1_000 && begin + length <= data.length;
    if (!isInside || !/^[\w./-]+\.rs$/.test(data.toString('latin1', begin, begin + length))) continue;
    data.fill(0, at, at + 16);
    files.push([begin, begin + length]);
  }
  for (const [begin, end] of files) data.fill(0, begin, end);
}

/**
 * Rewrites wasm-bindgen's JavaScript for a module whose imports and exports wasm-opt has renamed: the names that
 * wasm-bindgen gives hold hashes, which no compressor shrinks. `imports` are `[module, name, short]`, all of one module
 * `a` from now on; `exports` are `[name, short]`.
 */
export function shortenNames(glue, { imports, exports }) {
  const own = new Map(imports.map(([module, name, short]) => [`${module} ${name}`, short]));
  const rest = new Set(own.keys());
  // The imports that wasm-bindgen defines. wasm-opt has found that some are not needed.
  let renamed = replaced(glue, /^ {8}(\w+): (function[\s\S]*?^ {8}\}.*,\n)/gm, (_, name, definition) => {
    const key = `./undrop_bg.js ${name}`;
    rest.delete(key);
    return own.has(key) ? `        ${own.get(key)}: ${definition}` : '';
  });
  // Those of modules, each with a namespace of its own.
  const [, list] = glue.match(/^ {8}"\.\/undrop_bg\.js": import0,\n([\s\S]*?)^ {4}\};/m) ?? [];
  const namespaces = new Map(
    [...(list ?? '').matchAll(/"(.+)": (import\d+),/g)].map(([, module, name]) => [module, name]),
  );
  const foreign = [...rest].map((key) => {
    const [module, name] = key.split(' ');
    if (!namespaces.has(module)) throw new Failure(`wasm-bindgen's JavaScript does not define the import ${key}`);
    return `        ${own.get(key)}: ${namespaces.get(module)}.${name},\n`;
  });
  renamed = replaced(renamed, /(const import0 = \{\n)/, (start) => start + foreign.join(''));
  renamed = replaced(renamed, /"\.\/undrop_bg\.js": import0,\n[\s\S]*?(?=^ {4}\};)/m, () => 'a: import0,\n');
  const short = new Map(exports);
  return replaced(renamed, /\bwasm\.(\w+)/g, (_, name) => {
    if (!short.has(name)) throw new Failure(`wasm-opt has removed ${name}, which wasm-bindgen's JavaScript uses`);
    return `wasm.${short.get(name)}`;
  });
}

/** Fails if there is nothing to replace: then a new version of wasm-bindgen writes something else. */
function replaced(text, pattern, replacement) {
  const result = text.replace(pattern, replacement);
  if (result === text) throw new Failure(`wasm-bindgen's JavaScript is without ${pattern}`);
  return result;
}
