// The names and the defaults that the types of `undrop/server` have are those of the server, which has them in Rust.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';

const read = (path) => readFileSync(inRoot(path), 'utf8');
const inCamelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** What stands between the braces of something in a file that begins like this. */
function bodyOf(path, beginning) {
  const body = read(path).split(`${beginning} {\n`)[1]?.split(/^}/m)[0];
  assert.ok(body, `${path} has no ${beginning}`);
  return body;
}

/** The fields of a struct in Rust, as JavaScript writes them. */
const fieldsOf = (name) =>
  [...bodyOf('server/src/js/options.rs', `struct ${name}`).matchAll(/^ {4}(\w+):/gm)].map(([, field]) =>
    inCamelCase(field),
  );

const membersOf = (type) =>
  [...bodyOf('npm/server/options.ts', `export interface ${type}`).matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);

const same = (actual, expected) => assert.deepEqual([...actual].sort(), [...expected].sort());

test('the options are those that the server reads', () => {
  same(membersOf('SessionsOptions'), [...fieldsOf('Options'), 'authenticate', 'store']);
  same(membersOf('Limits'), fieldsOf('LimitsOption'));
  same(membersOf('Bounds'), fieldsOf('BoundsOption'));
});

test('the defaults of durations are those of the server', () => {
  const types = bodyOf('npm/server/options.ts', 'export interface SessionsOptions');
  const defaults = [
    ...bodyOf('server/src/config.rs', 'impl Default for Config').matchAll(/(\w+): Duration::from_secs\((\d+)\)/g),
  ];
  assert.equal(defaults.length, 6);
  for (const [, field, seconds] of defaults) {
    const [, told] = types.match(new RegExp(`Default: ([\\d,]+)\\. \\*/\\n {2}${inCamelCase(field)}\\?:`)) ?? [];
    assert.equal(told?.replaceAll(',', ''), `${seconds}000`, field);
  }
});

test('the causes of an ending are those of the protocol', () => {
  const causes = [...read('proto/src/server/cause.rs').matchAll(/Cause::\w+ => "(\w+)"/g)].map(([, name]) => name);
  const [, union] = read('npm/server/session.ts').match(/^export type Cause =([^;]*);/m);
  same(
    [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name),
    causes,
  );
});

test('the codes of a SessionError are those of the protocol', () => {
  const codes = [...read('proto/src/server/cause.rs').matchAll(/NotCommitted::\w+ => "(\w+)"/g)].map(
    ([, name]) => name,
  );
  const [, union] = read('npm/server/session.ts').match(/class SessionError[\s\S]*?readonly code: ([^;]*);/);
  same(
    [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name),
    codes,
  );
});

/** The strings of the table in Rust that has this name. */
const wordsOf = (name) => [
  ...bodyOf('server/src/app_words.rs', `const ${name}: AppWords = AppWords`).matchAll(/"(.*)"/g),
];

test('the options that the log names are those of the language that the app is written in', () => {
  const named = wordsOf('RUST').flatMap(([text]) => [...text.matchAll(/(\w+)::([a-z]\w+|[A-Z]\w+)/g)]);
  const places = {
    Config: ['config', 'impl Config'],
    Limits: ['config', 'impl Limits'],
    Origins: ['config', 'pub enum Origins'],
    Proxies: ['proxies', 'pub enum Proxies'],
    ServeOptions: ['serve', 'impl ServeOptions'],
  };
  const inRust = named.filter(([, type]) => type in places);
  assert.equal(inRust.length, 8);
  for (const [name, type, member] of inRust) {
    const [file, beginning] = places[type];
    const members = bodyOf(`server/src/${file}.rs`, beginning);
    assert.match(members, new RegExp(`^ {4}(?:pub fn )?${member}\\b`, 'm'), name);
  }
  const inJavaScript = wordsOf('JAVASCRIPT')
    .map(([text]) => text)
    .join('\n');
  const top = [...inJavaScript.matchAll(/the option (\w+)|(\w+): \[/g)].map(([, option, listed]) => option ?? listed);
  same(top, ['origins', 'origins', 'proxies']);
  for (const name of top) assert.ok(membersOf('SessionsOptions').includes(name), name);
  const limits = [...inJavaScript.matchAll(/limits\.(\w+)/g)].map(([, name]) => name);
  assert.equal(limits.length, 3);
  for (const name of limits) assert.ok(membersOf('Limits').includes(name), name);
});
