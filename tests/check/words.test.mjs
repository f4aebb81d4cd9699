// What the program says: the protocol's own words, and where they stand; and what docs/servers-in-other-languages.md shows of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
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

test('who checks a server that does not send messages back is told so, and that nothing was checked', async () => {
  for (const [answer, came] of [
    [() => undefined, 'nothing'],
    [(message) => `you said ${message}`, 'the message "you said hi"'],
  ]) {
    const server = await serve([], { answer });
    const { code, stdout, stderr } = await undrop('check', server.url, '--timeout', '200');
    await server.stop();
    assert.equal(
      stderr,
      `undrop: the server does not send messages back: it was sent the message "hi", and ${came} came. ` +
        'Give it a route that sends each message back as it was, and check that\n',
    );
    assert.doesNotMatch(stdout, /wrong|skipped|since:/);
    assert.equal(code, 2);
  }
});

test('--version prints that of the package', async () => {
  const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  assert.deepEqual(await undrop('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
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
