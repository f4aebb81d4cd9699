// The chat of docs/getting-started.md, made by its reader in an empty folder: the package is installed from its tarball, the page built
// by Vite, and opened in both browsers, whose connections are down for a while.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { lastingPort } from '../../scripts/lib/ports.mjs';
import { Person } from '../e2e/chat/person.mjs';
import { serveFiles } from '../packaging/support/files.mjs';
import { emptyProject } from '../packaging/support/project.mjs';
import { installTools, vite } from '../packaging/support/tools.mjs';
import { startCutter } from '../server/support/cutter.mjs';
import { browsers } from '../support/browsers.mjs';
import { page } from './support/pages.mjs';

const [server, html] = ['js', 'html'].map(
  (language) =>
    page('docs/getting-started.md').blocks.find(
      (block) => block.language === language && block.heading === 'A chat that loses nothing',
    ).code,
);

let startServer;
let running;
let cutter;
let served;
const opened = [];

before(async () => {
  const folder = await emptyProject();
  await installTools();
  symlinkSync(inRoot('node_modules/ws'), join(folder, 'node_modules/ws'), 'junction');
  const port = await lastingPort();
  cutter = await startCutter(port);
  writeFileSync(join(folder, 'chat.mjs'), server.replace("'localhost', port: 8080", `'127.0.0.1', port: ${port}`));
  writeFileSync(join(folder, 'index.html'), html.replace('ws://localhost:8080', cutter.url));
  startServer = () => spawn(process.execPath, ['chat.mjs'], { cwd: folder, stdio: 'inherit' });
  running = startServer();
  assert.doesNotMatch(await vite(folder, 'build'), /warn/i);
  served = await serveFiles(join(folder, 'dist'));
});
after(async () => {
  await Promise.all(opened.map((browser) => browser.quit()));
  await served?.stop();
  cutter?.stop();
  running?.kill('SIGKILL');
});

test('it is ten lines and its imports', () => {
  const lines = [server, html].flatMap((code) => code.split('\n'));
  assert.equal(lines.filter((line) => line !== '' && !/^ *import /.test(line)).length, 10);
});

test('what is said while the connections are down arrives, once and in order', { timeout: 60_000 }, async () => {
  for (const start of Object.values(browsers)) opened.push(await start());
  for (const browser of opened) await browser.goto(`${served.url}/`);
  const people = opened.map((browser) => new Person(browser));
  // Whoever has heard the own message is in the chat.
  for (const [index, person] of people.entries()) {
    await say(person, `here ${index}`);
    await person.sees((own) => document.body.innerText.includes(own), `here ${index}`);
  }
  cutter.down();
  for (let number = 1; number <= 5; number++)
    for (const [index, person] of people.entries()) await say(person, `${number} of ${index}`);
  cutter.down(false);
  const heard = await Promise.all(people.map(hears));
  assert.deepEqual(heard[0], heard[1]);
  for (const index of people.keys())
    assert.deepEqual(
      heard[0].filter((line) => line.endsWith(`of ${index}`)),
      [1, 2, 3, 4, 5].map((number) => `${number} of ${index}`),
    );
});

test('what is said while the server is away is shown as not sent, once it has been started again', {
  timeout: 60_000,
}, async () => {
  const [browser] = opened;
  const person = new Person(browser);
  const gone = once(running, 'exit');
  running.kill('SIGTERM');
  await gone;
  await say(person, 'said to nobody');
  running = startServer();
  await person.sees(() => document.body.innerText.includes('not sent (unsent): said to nobody'));
  await say(person, 'said after that');
  await person.sees(() => document.body.innerText.split('\n').includes('said after that'));
});

const say = (person, text) =>
  person.do((text) => {
    const input = document.querySelector('input');
    input.value = text;
    input.dispatchEvent(new Event('change'));
  }, text);

/** What was said while the connections were down. */
const hears = async (person) => {
  const text = await person.sees(() => {
    const { innerText } = document.body;
    return [0, 1].every((index) => innerText.includes(`5 of ${index}`)) && innerText;
  });
  return text.split('\n').filter((line) => line.includes(' of '));
};
