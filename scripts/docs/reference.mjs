// Turns the declarations in `dist` into a page: each entry, each name it exports, and what its comment says.

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { inRoot } from '../lib/paths.mjs';

export const referencePath = inRoot('docs/api.md');

/** The text of docs/api.md. */
export function reference() {
  const api = new API({});
  try {
    return page(readEntries(api));
  } finally {
    api.close();
  }
}

const { exports } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

/**
 * `{ name, exported: [{ as, declaration, isType, foreign }] }` of each entry, in the order of package.json. What another package
 * declares has no `declaration`, and that package as `foreign`.
 */
function readEntries(api) {
  const entries = Object.entries(exports).filter(([, { types }]) => types);
  const isOfServer = ([path]) => path.startsWith('./server');
  const modules = new Map();
  // The types of what a server imports are read with those of Node, and without those of a browser.
  return [
    ...readProject(api, modules, 'tests/types/tsconfig.json', (entry) => !isOfServer(entry)),
    ...readProject(api, modules, 'tests/types/server/tsconfig.json', isOfServer),
  ];

  function readProject(api, modules, file, isIn) {
    const config = inRoot(file);
    const { program } = api.updateSnapshot({ openProject: config }).getProject(config);
    const module = (path) => {
      if (!modules.has(path)) modules.set(path, readModule(program.getSourceFile(path), path, module));
      return modules.get(path);
    };
    return entries.filter(isIn).map(([path, { types }]) => ({
      name: path.replace('.', 'undrop'),
      exported: module(inRoot(types)).exported(),
    }));
  }
}

/** The declarations of a file, and where its other names come from. */
function readModule(source, path, module) {
  const text = (node) => source.text.slice(node.pos, node.end).trim();
  /** The file of a module of the package, or the name of a package. */
  const from = ({ moduleSpecifier }) => {
    const specifier = moduleSpecifier ? text(moduleSpecifier).slice(1, -1) : undefined;
    if (!specifier) return path;
    return specifier.startsWith('.') ? join(dirname(path), specifier.replace(/js$/, 'd.ts')) : specifier;
  };
  const own = new Map();
  const imported = new Map();
  const exported = [];
  const exportedWhole = [];
  for (const statement of source.statements) {
    const kind = SyntaxKind[statement.kind];
    const [variable] = statement.declarationList?.declarations ?? [];
    const name = statement.name?.text ?? variable?.name.text;
    if (name) {
      const parts = own.get(name) ?? { name, kind: variable ? 'Variable' : kind, statements: [], resolve };
      const described = describe(source, statement);
      parts.statements.push({ ...described, members: membersOf(source, statement), bases: basesOf(described) });
      own.set(name, parts);
      if (statement.modifiers?.some((modifier) => SyntaxKind[modifier.kind] === 'ExportKeyword'))
        exported.push({ as: name, path, name });
    }
    if (kind === 'ExportAssignment') exported.push({ as: 'default', path, name: text(statement.expression) });
    if (kind === 'ExportDeclaration' && !statement.exportClause) exportedWhole.push(from(statement));
    const clause = statement.importClause?.namedBindings ?? statement.exportClause;
    for (const { name, propertyName, isTypeOnly } of clause?.elements ?? []) {
      const origin = { path: from(statement), name: propertyName?.text ?? name.text };
      const isType = statement.isTypeOnly || isTypeOnly;
      if (statement.exportClause) exported.push({ as: name.text, ...origin, isType });
      else imported.set(name.text, origin);
    }
  }
  /** What a name means here; undefined when it is the language's, the browser's or another package's. */
  function resolve(name) {
    if (own.has(name)) return own.get(name);
    const origin = imported.get(name);
    return origin && isAbsolute(origin.path) ? module(origin.path).resolve(origin.name) : undefined;
  }
  /** The package that a name is imported from. */
  const packageOf = (name) => imported.get(name)?.path;
  return {
    resolve,
    packageOf,
    exported: () => {
      const all = [
        ...exported.map(({ as, path, name, isType }) => ({
          as,
          isType,
          declaration: module(path).resolve(name),
          foreign: module(path).packageOf(name),
        })),
        ...exportedWhole.flatMap((path) => module(path).exported()),
      ];
      return all.filter(({ as }, at) => all.findIndex((other) => other.as === as) === at);
    },
  };
}

function membersOf(source, statement) {
  const isPublic = ({ name }) => !name?.text?.startsWith('#');
  return statement.members?.filter(isPublic).map((member) => describe(source, member));
}

/** `{ name, omitted }` of what an interface extends: `Omit<Socket, 'stats'>` is `Socket` but for `stats`. */
function basesOf({ kind, code }) {
  const [, list] = (kind === 'InterfaceDeclaration' && code.match(/^[^{]*? extends ([^{]*)/)) || [];
  const bases = list?.match(/[\w.]+(<[^<>]*>)?/g) ?? [];
  return bases.map((base) => {
    const [, of, keys] = base.match(/^Omit<(\w+), (.*)>$/) ?? [];
    return { name: of ?? base.replace(/<.*/, ''), omitted: keys?.match(/\w+/g) ?? [] };
  });
}

/** `{ name, code, about, tags }` of a declaration or a member. */
function describe(source, node) {
  const comment = node.jsDoc?.at(-1);
  const begin = comment ? comment.end : node.pos;
  const code = source.text.slice(begin, node.end).replace(/\/\*\*.*?\*\//gs, '');
  const [about, ...tags] = plain(comment ? source.text.slice(comment.pos, comment.end) : '').split(/^@/m);
  return {
    kind: SyntaxKind[node.kind],
    name: node.name?.text,
    code: withoutUndefined(code.replace(/\s+/g, ' ').trim().replace(/;$/, '')),
    about: about.trim(),
    tags: tags.map((tag) => tag.trim()),
  };
}

/** What may be missing may be undefined: the question mark says both. */
const withoutUndefined = (code) =>
  code
    .replace(/^((?:readonly )?\w+\?: )\((\(.*\) => .*)\) \| undefined$/, '$1$2')
    .replace(/^((?:readonly )?\w+\?: .*) \| undefined$/, '$1')
    .replace(/(\w\?: [^;]*?) \| undefined(?=;)/g, '$1');

/** A comment without its stars. */
const plain = (comment) => comment.replace(/^\s*\/\*\* ?|\*\/\s*$/g, '').replace(/^\s*\* ?/gm, '');

function page(entries) {
  /** By declaration: the entry that it is described for. */
  const described = new Map();
  const sections = entries.map(({ name, exported: all }) => {
    const exported = all.filter(({ declaration }) => declaration);
    const again = exported.filter(({ declaration }) => described.has(declaration));
    const fresh = [...new Set(exported.map(({ declaration }) => declaration))]
      .filter((one) => !described.has(one))
      .toSorted((a, b) => Number(isClass(b)) - Number(isClass(a)));
    const parts = [`## ${name}`, importing(name, all)];
    if (again.length > 0) parts.push(`As above: ${list(again.map(({ as }) => as))}.`);
    for (const declaration of fresh) {
      described.set(declaration, name);
      parts.push(...section(declaration, exported.find((one) => one.declaration === declaration).as));
      if (isClass(declaration))
        parts.push(...basesOfClass(declaration).flatMap((base) => inherited(base, name, described)));
    }
    const named = namedBy(fresh, described, name);
    if (named.length > 0) parts.push('### Named, but not exported', ...named.map((one) => alias(one)));
    return parts.join('\n\n');
  });
  return `# Reference

Written by \`npm run docs\` from the types of the package. The guide is in [getting-started.md](getting-started.md),
and that of servers in [servers-in-javascript.md](servers-in-javascript.md).
A member with a question mark may be missing, or undefined.

${sections.join('\n\n')}
`;
}

const isClass = ({ kind }) => kind === 'ClassDeclaration';

const VALUES = ['ClassDeclaration', 'Variable'];

/** What a program imports from an entry, besides types. */
function importing(name, exported) {
  const values = exported.filter(
    ({ declaration, isType }) => !isType && (!declaration || VALUES.includes(declaration.kind)),
  );
  const names = values.map(({ as }) => as).filter((as) => as !== 'default');
  const byDefault = values.find(({ as }) => as === 'default');
  const isDefault = ({ as, declaration }) => as !== 'default' && declaration === byDefault?.declaration;
  const which = names.length === 1 ? 'which' : `of which \`${values.find(isDefault)?.as}\``;
  const foreign = values.filter(({ as, declaration }) => !declaration && as !== 'default');
  return [
    `\`import { ${names.join(', ')} } from '${name}'\`${byDefault ? `, ${which} is also the default export` : ''}.`,
    ...foreign.map(({ as, foreign }) => `\`${as}\` is that of \`${foreign}\`.`),
  ].join(' ');
}

/** A class has the members of the interface of its name, and of what that extends. */
const basesOfClass = ({ statements, resolve }) =>
  statements.flatMap(({ bases }) => bases).map(({ name, omitted }) => ({ declaration: resolve(name), omitted }));

/** The members of a base that a class does not omit: the first entry describes them, the others name them. */
function inherited({ declaration, omitted }, entry, described) {
  const first = described.get(declaration);
  const { name, statements } = declaration;
  const members = statements.flatMap(({ members }) => members).filter((member) => !omitted.includes(member.name));
  if (first) return [`As in \`${first}\`: ${list(members.map(({ name }) => name))}.`];
  described.set(declaration, entry);
  return [`#### ${name}`, statements[0].about, members.flatMap((one) => item(one, name, members)).join('\n')];
}

function section(declaration, exportedAs) {
  const { name, kind, statements } = declaration;
  const [first] = statements;
  if (kind === 'TypeAliasDeclaration' || kind === 'Variable')
    return [`### ${name}`, `\`${aliasCode(first)}\``, first.about].filter(Boolean);
  const members = statements.flatMap(({ members }) => members).filter(({ name }) => name !== '[Symbol.iterator]');
  const title = exportedAs === name || exportedAs === 'default' ? name : `${name}, exported as ${exportedAs}`;
  return [
    `### ${title}`,
    `\`${heading(first)}\``,
    first.about,
    members.flatMap((one) => item(one, name, members)).join('\n'),
  ].filter(Boolean);
}

/** A declaration up to its members. */
const heading = ({ code }) =>
  code
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replace(/ ?\{.*$/, '');
const aliasCode = ({ code }) => code.replace(/^export /, '').replace(/^declare /, '');

function item({ name, kind, code, about, tags }, owner, members) {
  if (kind === 'SetAccessor') return [];
  const hasSetter = members.some((other) => other.kind === 'SetAccessor' && other.name === name);
  const shown = {
    Constructor: () => code.replace(/^constructor/, `new ${owner}`),
    GetAccessor: () => `${hasSetter ? '' : 'readonly '}${code.replace(/^get (\w+)\(\)/, '$1')}`,
  }[kind]?.();
  const head = `- \`${shown ?? code}\``;
  if (about.startsWith('- ')) return [head, about.replace(/^/gm, '  ')];
  const remarks = [about.replace(/\s*\n\s*/g, ' '), ...tags.map(remark)].filter(Boolean);
  return [head, ...remarks.map((text) => `  ${text}`)].join('  \n');
}

/** `@param url - Absolute …`, `@throws SyntaxError when …` and `@default 5000` as a sentence each. */
function remark(tag) {
  const [, kind, rest] = tag.replace(/\s*\n\s*/g, ' ').match(/^(\w+) (.*)$/);
  const parameter = rest.match(/^(\w+) - (.*)$/);
  const sentences = {
    param: () => `\`${parameter[1]}\`: ${parameter[2]}`,
    throws: () => `Throws ${rest}`,
    default: () => `Default: ${rest}.`,
  };
  return sentences[kind]();
}

/** What the declarations mention, and what that mentions, as far as it is the package's own and not described. */
function namedBy(declarations, described, entry) {
  const found = [];
  const seen = new Set(described.keys());
  const parts = declarations.filter(isClass).flatMap(basesOfClass);
  for (const { statements, resolve } of [...declarations, ...parts.map(({ declaration }) => declaration)])
    look(statements, resolve);
  function look(statements, resolve) {
    const words = statements.flatMap(({ code }) => code.match(/\b[A-Z]\w+/g) ?? []);
    for (const word of words) {
      const one = resolve(word);
      if (!one || seen.has(one)) continue;
      seen.add(one);
      found.push(one);
      look(one.statements, one.resolve);
    }
  }
  for (const one of found) described.set(one, entry);
  return found;
}

const alias = ({ statements: [{ code, about }] }) => [`\`${aliasCode({ code })}\``, about].filter(Boolean).join('  \n');

const list = (names) => names.map((name) => `\`${name}\``).join(', ');
