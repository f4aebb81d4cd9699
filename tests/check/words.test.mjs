// What the program says: the protocol's own words, and where they stand; and what docs/servers-in-other-languages.md shows of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page } from '../docs/support/pages.mjs';
import { serve } from './broken/server.mjs';
import { undrop } from './program.mjs';

test('each rule stands word by word in docs/protocol.md, under the heading that is linked to', async () => {
  const { rules } = JSON.parse((await undrop('--list', '--json')).stdout);
  const sections = sectionsOf(page('docs/protocol.md').text);
  for (const { anchor, words } of rules) assert.ok(sections.get(anchor)?.includes(words), `${anchor}: ${words}`);
});

test('the page on servers in other languages shows what is printed', async () => {
  const [good, broken] = page('docs/servers-in-other-languages.md')
    .blocks.filter(({ code }) => /^(?:ok|wrong) {3,}/.test(code))
    .map(({ code }) => code.trim());
  assert.equal(await printed([]), good);
  assert.equal(await printed(['ignoresAttempt'], '--only', 'late attempt'), broken);
});

test('who gives no server, or one that is not there, is told', async () => {
  const nowhere = await undrop('check', 'ws://127.0.0.1:1/room');
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /can't connect to 127\.0\.0\.1:1: connect ECONNREFUSED/);
  for (const args of [
    [],
    ['check'],
    ['check', 'http://127.0.0.1'],
    ['check', 'ws://127.0.0.1', '--only', 'nonsense'],
  ]) {
    const { code, stderr } = await undrop(...args);
    assert.equal(code, 2);
    assert.match(stderr, /Usage: undrop check URL/);
  }
});

async function printed(faults, ...args) {
  const server = await serve(faults);
  const { stdout } = await undrop('check', server.url, ...args);
  await server.stop();
  return stdout.trim();
}

/** The text under each heading by its anchor on GitHub, with its lines joined. */
function sectionsOf(text) {
  const sections = new Map();
  for (const section of text.split(/^#+ /m)) {
    const [title, ...body] = section.split('\n');
    sections.set(anchorOf(title), body.join(' ').replace(/\s+/g, ' '));
  }
  return sections;
}

/** As GitHub makes it of a heading. */
const anchorOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
