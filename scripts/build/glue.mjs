// Writes the glue between the module and the JavaScript around it, in place of wasm-bindgen's own: here all that
// crosses is a number, which WebAssembly hands over by itself, so there is nothing to convert. Its names are those that
// wasm-opt gave the module's imports and exports; the long ones hold hashes, which no compressor can shrink.

import { Failure } from '../lib/log.mjs';

/** Fills a table for references to JavaScript's values. The module holds none. */
const TABLE = '__wbindgen_init_externref_table';

/** `imports` are `[module, name, short]`, all of one module `a` from now on; `exports` are `[name, short]`. */
export function write({ imports, exports }) {
  const lines = [];
  const given = [];
  for (const [module, name, short] of imports) {
    if (module !== './undrop_bg.js') {
      lines.push(`import { ${name} } from ${JSON.stringify(module)};`);
      given.push(`${short}: ${name}`);
    } else if (name === TABLE) given.push(`${short}() {}`);
    else
      throw new Failure(
        `The module imports ${name}, which wasm-bindgen would convert something for: hand over numbers (i32, f64) alone`,
      );
  }
  const ours = exports.filter(([name]) => name !== 'memory' && !name.startsWith('__'));
  lines.push(
    `export let ${ours.map(([name]) => name).join(', ')};`,
    // Not in `load`: minifiers write functions where they are used, and one that is written in the call of the first
    // constructor would keep the first socket alive for as long as the module is.
    `const imports = { a: { ${given.join(', ')} } };`,
    'export const load = (module) => {',
    `  ({ ${ours.map(([name, short]) => `${short}: ${name}`).join(', ')} } = new WebAssembly.Instance(module, imports).exports);`,
    '};',
  );
  return `${lines.join('\n')}\n`;
}
