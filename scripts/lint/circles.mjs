// `node scripts/lint/circles.mjs DIR...`: fails when the modules of a Rust source folder import each other in a circle.
//
// A module is a file. It imports another one by a path that begins with `crate`, `self` or `super`, or with the name of a
// module that is declared beside it, in a `use` or in the code. A path is followed through re-exports to the file that
// defines the item: a child that takes from its parent what the parent re-exports from a sibling imports the sibling, and
// a child that takes what its parent defines imports the parent. `mod name;` alone and a re-export import nothing: they only
// say where something is. What is behind `#[cfg(test)]` does not count.

import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The circles among the modules of a folder: the files that all reach each other, and one circle in the order of its imports. */
export function circles(folder) {
  const modules = load(folder);
  const edges = new Map([...modules.values()].map((module) => [module.file, imports(module, modules)]));
  return components(edges).map((files) => ({ files: files.toSorted(), circle: shortest(files, edges) }));
}

/** All modules that `lib.rs` or `main.rs` declares, by their path. */
function load(folder) {
  const modules = new Map();
  const visit = (path, file, children) => {
    const source = withoutTests(withoutComments(readFileSync(file, 'utf8')));
    const module = { path, file: relative(folder, file), source, ...parsed(source) };
    modules.set(path.join('::'), module);
    for (const name of module.declared) {
      const child = [join(children, `${name}.rs`), join(children, name, 'mod.rs')].find(existsSync);
      if (child) visit([...path, name], child, join(children, name));
    }
  };
  const root = ['lib.rs', 'main.rs'].map((name) => join(folder, name)).find(existsSync);
  if (!root) throw new Error(`${folder} has neither lib.rs nor main.rs`);
  visit([], root, folder);
  return modules;
}

/** Source without comments and without the contents of strings and characters, so that words and braces are code. */
export function withoutComments(source) {
  const literals =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^\n]|[^'\\\n])[^'\n]{0,8}?'(?!\w)/g;
  return source.replace(literals, (text) => {
    if (text.startsWith('/')) return ' ';
    // `'a, 'b` is two lifetimes.
    if (text.startsWith("'") && !/^'(\\.*|.)'$/u.test(text)) return text;
    return '""';
  });
}

/** Source without what is behind `#[cfg(test)]`. */
export function withoutTests(source) {
  let rest = source;
  for (;;) {
    const start = rest.search(/#\[cfg\(test\)\]/);
    if (start < 0) return rest;
    const stop = rest.slice(start).search(/[{;]/) + start;
    const end = rest[stop] === '{' ? closing(rest, stop) : stop;
    rest = rest.slice(0, start) + rest.slice(end + 1);
  }
}

function closing(text, start) {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}

/** What a module declares, imports and re-exports. */
function parsed(source) {
  const declared = [...source.matchAll(/\bmod\s+(\w+)\s*;/g)].map(([, name]) => name);
  const uses = [...source.matchAll(/(\bpub(?:\s*\([^)]*\))?\s+)?\buse\s+([^;]+);/g)].flatMap(([, visibility, tree]) =>
    flattened(tree).map((use) => ({ ...use, exported: Boolean(visibility) })),
  );
  const code = source.replace(/\buse\s+[^;]+;/g, ';');
  const inline = [...code.matchAll(/(?<![\w:])(?:crate|self|super)(?:::\w+)+/g)].map(([path]) => path.split('::'));
  const named = [...code.matchAll(/(?<![\w:.])([a-z]\w*)(?:::\w+)+/g)].map(([path]) => path.split('::'));
  return { declared, uses, inline, named };
}

/** `a::{b, c as d}` as `a::b` and `a::c`, with the names that they have here. */
function flattened(tree, prefix = []) {
  const text = tree.trim();
  const brace = text.indexOf('{');
  if (brace < 0) {
    const [path, alias] = text.split(/\s+as\s+/);
    let parts = [...prefix, ...path.split('::').map((part) => part.trim())].filter(Boolean);
    if (parts.at(-1) === 'self' && parts.length > 1) parts = parts.slice(0, -1);
    return [{ path: parts, name: alias?.trim() ?? parts.at(-1) }];
  }
  const head = text
    .slice(0, brace)
    .split('::')
    .map((part) => part.trim())
    .filter(Boolean);
  const items = [];
  let depth = 0;
  let item = '';
  for (const character of text.slice(brace + 1, text.lastIndexOf('}'))) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === ',' && depth === 0) {
      items.push(item);
      item = '';
    } else item += character;
  }
  return [...items, item].filter((one) => one.trim()).flatMap((one) => flattened(one, [...prefix, ...head]));
}

/** The files that a module imports from. */
function imports(module, modules) {
  const found = new Set();
  const add = (path) => {
    const target = defining(absolute(path, module, modules), modules);
    if (target && target !== module) found.add(target.file);
  };
  for (const { path, exported } of module.uses) if (!exported || !leadsDown(path, module, modules)) add(path);
  for (const path of module.inline) add(path);
  const local = new Map(module.uses.map((use) => [use.name, use.path]));
  for (const [first, ...rest] of module.named) {
    if (local.has(first)) add([...local.get(first), ...rest]);
    else if (module.declared.includes(first)) add(['self', first, ...rest]);
  }
  return found;
}

/** Whether a path is of a module below this one. */
function leadsDown(path, module, modules) {
  const full = absolute(path, module, modules);
  return full !== undefined && full.length > module.path.length && module.path.every((name, at) => full[at] === name);
}

/** A path from the crate's root, or undefined when it is of another crate. */
function absolute([first, ...rest], module, modules) {
  if (first === 'crate') return rest;
  if (first === 'self') return [...module.path, ...rest];
  if (first === 'super') {
    let base = module.path.slice(0, -1);
    let names = rest;
    while (names[0] === 'super') {
      base = base.slice(0, -1);
      names = names.slice(1);
    }
    return [...base, ...names];
  }
  return modules.has([...module.path, first].join('::')) ? [...module.path, first, ...rest] : undefined;
}

/** The module that defines the item of a path, behind all re-exports. */
function defining(path, modules, seen = new Set()) {
  if (!path || seen.has(path.join('::'))) return undefined;
  seen.add(path.join('::'));
  let length = path.length;
  while (length > 0 && !modules.has(path.slice(0, length).join('::'))) length--;
  const module = modules.get(path.slice(0, length).join('::'));
  const name = path[length];
  if (!module || name === undefined || name === '*') return module;
  const use = module.uses.find((one) => one.name === name);
  const next = use && absolute(use.path, module, modules);
  return next ? (defining([...next, ...path.slice(length + 1)], modules, seen) ?? module) : module;
}

/** The strongly connected components of more than one file (Tarjan). */
function components(edges) {
  const state = new Map();
  const stack = [];
  const result = [];
  const visit = (file) => {
    const own = { index: state.size, low: state.size, open: true };
    state.set(file, own);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      const seen = state.get(next);
      if (!seen) own.low = Math.min(own.low, visit(next).low);
      else if (seen.open) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const files = stack.splice(stack.indexOf(file));
      for (const one of files) state.get(one).open = false;
      if (files.length > 1) result.push(files);
    }
    return own;
  };
  for (const file of edges.keys()) if (!state.has(file)) visit(file);
  return result;
}

/** The shortest way from the first file of a component back to it. */
function shortest([start, ...others], edges) {
  const inside = new Set([start, ...others]);
  const queue = [[start]];
  const seen = new Set();
  for (const way of queue) {
    for (const next of edges.get(way.at(-1)) ?? []) {
      if (next === start) return way;
      if (!inside.has(next) || seen.has(next)) continue;
      seen.add(next);
      queue.push([...way, next]);
    }
  }
  return [start, ...others];
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folders = process.argv.slice(2);
  if (!folders.length) {
    console.error(`usage: node ${relative(process.cwd(), process.argv[1])} DIR...`);
    process.exit(2);
  }
  for (const folder of folders) {
    for (const { files, circle } of circles(folder)) {
      console.error(`${folder}: ${files.length} modules import each other: ${files.join(', ')}`);
      console.error(`  for example ${[...circle, circle[0]].join(' -> ')}`);
      process.exitCode = 1;
    }
  }
}
