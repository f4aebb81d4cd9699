// What is not TypeScript: commands of the project exist, JSON is JSON, Rust is compiled by the crate that has it too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { filesIn } from '../../scripts/lib/fresh.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { pages } from './support/pages.mjs';

const { scripts } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const suites = [...readFileSync(inRoot('scripts/test.mjs'), 'utf8').matchAll(/^ {2}'?([\w-]+)'?: \{ run: /gm)].map(
  ([, name]) => name,
);

/** Languages that a test looks at: those of types.test.mjs, play.test.mjs and tests/production, and those below. A grammar is
 * for readers, as are the configurations of programs that are not there, and no language means a picture. */
const known = new Set([
  ...['', 'text', 'js', 'ts', 'tsx', 'diff', 'html', 'sh', 'json', 'toml', 'rust', 'abnf'],
  ...['nginx', 'haproxy', 'caddyfile', 'yaml', 'ini'],
]);

test('each block is in a language that is looked at', () => {
  assert.ok(suites.includes('docs'));
  const unknown = pages.flatMap(({ blocks }) => blocks.filter(({ language }) => !known.has(language)));
  assert.deepEqual(unknown.map(where), []);
});

test('each npm command that a page names exists', () => {
  const wrong = pages.flatMap(({ name, text }) =>
    commands(text)
      .filter((command) => !exists(command))
      .map((command) => `${name}: ${command}`),
  );
  assert.deepEqual(wrong, []);
});

test('shell blocks hold nothing but commands that the tests know', () => {
  const lines = blocksOf('sh').flatMap((block) =>
    block.code
      .trim()
      .split('\n')
      .map((line) => [where(block), line]),
  );
  const unknown = lines.filter(
    ([, line]) => !/^(npm |npx |cargo |wasm-bindgen |git |#|cd |redis-server|redis-cli )/.test(line.trim()),
  );
  assert.deepEqual(unknown, []);
});

test('JSON is JSON', () => {
  for (const block of blocksOf('json')) assert.doesNotThrow(() => JSON.parse(block.code), where(block));
});

test('the files in deploy are blocks of the page that leads to them', () => {
  const { blocks, prose } = pages.find(({ name }) => name === 'docs/in-production.md');
  for (const [, file] of prose.matchAll(/\]\(\.\.\/(deploy\/chat-server[^)]*)\)/g))
    assert.ok(
      blocks.some(({ code }) => code === readFileSync(inRoot(file), 'utf8')),
      file,
    );
});

test('Rust blocks are compiled: they are examples in the documentation of a crate', () => {
  const sources = ['src', 'server/src'].flatMap((folder) => filesIn(inRoot(folder))).map(documentation);
  // The front page of this crate is its README.
  const examples = [...sources, compact(readFileSync(inRoot('server/README.md'), 'utf8'))];
  const left = blocksOf('rust')
    // rust.test.mjs builds those of this page.
    .filter(({ page }) => page !== 'docs/rust.md')
    .filter(({ code }) => !examples.some((text) => text.includes(compact(code))));
  assert.deepEqual(left.map(where), []);
});

/** The doc comments of a Rust file, without the lines that its readers do not see. */
const documentation = (path) =>
  compact(
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.match(/^\s*\/\/[/!] ?(.*)$/)?.[1] ?? '')
      .filter((line) => !/^# |^#$/.test(line))
      .join('\n'),
  );
const compact = (code) => code.replace(/\s+/g, ' ').trim();

const blocksOf = (language) => pages.flatMap(({ blocks }) => blocks.filter((block) => block.language === language));
const where = ({ page, line, language }) => `${page}:${line} ${language}`;

/** `npm run size`, `npm test -- e2e`, `npm start`: up to the end of the line or of the code in the prose. */
const commands = (text) =>
  [...text.matchAll(/\bnpm (run [\w:-]+|test\b(?: -- [\w -]+)?|start\b)/g)].map(([command]) => command.trim());

function exists(command) {
  const [, name, ...rest] = command.replace(' run ', ' ').split(' ');
  if (!(name in scripts)) return false;
  return name !== 'test' || rest.filter((word) => word !== '--').every((word) => suites.includes(word));
}
