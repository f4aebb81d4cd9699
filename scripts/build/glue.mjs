// Makes the glue smaller that wasm-bindgen wrote: leaves out what is not used, and applies the short names that wasm-opt
// gave the module's imports and exports.
// The long ones hold hashes, which no compressor can shrink, once in the module and once in the glue.
//
// It knows the glue's text, which is that of one exact version of wasm-bindgen, and refuses a text it does not know.

import { Failure } from '../lib/log.mjs';

/** `imports` are `[module, name, short]`, all of one module `a` from now on; `exports` are `[name, short]`. */
export function shorten(glue, { imports, exports }) {
  let text = glue;
  const replace = (pattern, by) => {
    if (!pattern.test(text))
      throw new Failure(`wasm-bindgen's glue no longer has ${pattern}: adapt ${import.meta.url}`);
    // A function, because a short name may well be `$`.
    text = text.replace(pattern, () => by);
  };
  for (const [module, name, short] of imports) {
    if (module === './undrop_bg.js') replace(new RegExp(`(?<=^\\s+)${escaped(name)}(?=:)`, 'm'), short);
    // What comes from a file of the crate itself is handed on as it is.
    else {
      const namespace = new RegExp(`^(?=import \\* as \\w+ from "${escaped(module)}")`, 'm');
      replace(namespace, `import { ${name} as import_${short} } from "${module}";\n`);
      replace(/(?<=^ +const import0 = \{\n)/m, `        ${short}: import_${short},\n`);
    }
  }
  for (const [name, short] of exports) {
    text = text.replace(new RegExp(`\\bwasm\\.${escaped(name)}\\b`, 'g'), () => `wasm.${short}`);
  }
  replace(/^ +"\.\/undrop_bg\.js": import0,\n( +"\.\/snippets.*,\n)*/m, '        a: import0,\n');
  // Ours is always called with a module: the rest of the original is about other arguments.
  replace(
    /^function initSync\(module\) \{\n[\s\S]*?^\}/m,
    `function initSync({ module }) {
    return __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
}`,
  );
  // What wasm-bindgen would throw can't happen here; its words, and with them the text decoder, stay behind.
  replace(/getStringFromWasm0\(arg0, arg1\)/, '"undrop"');
  replace(/^let cachedTextDecoder = .*\n(cachedTextDecoder\.decode\(\);\n)?/m, 'let cachedTextDecoder;\n');
  // Nobody but the collector frees a line, and every browser that runs this has one to be asked.
  replace(/^ {4}__destroy_into_raw\(\) \{\n[\s\S]*?^ {4}\}\n {4}free\(\) \{\n[\s\S]*?^ {4}\}\n/m, '');
  replace(/^if \(Symbol\.dispose\) .*\n/m, '');
  replace(/\(typeof FinalizationRegistry === 'undefined'\)\n.*\n\s*: (?=new FinalizationRegistry)/, '');
  return text;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
