// What an editor offers within the quotes: asked of the compiler that editors ask.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { API } from 'typescript/unstable/sync';
import { inRoot } from '../../scripts/lib/paths.mjs';

const inPage = `
import { Undrop } from 'undrop/messages';
import { z } from 'zod';

type In = { chat: { from: string; text: string }; presence: string[] };
type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };

const socket = new Undrop<In, Out>('/room');
socket.on('/*on*/', () => {});
socket.once('/*once*/', () => {});
socket.off('/*off*/', () => {});
socket.next('/*next*/');
socket.emit('/*emit*/');
socket.request('/*request*/');
socket.handle('/*handle*/', () => {});
socket.messages('/*messages*/');
socket.on('chat', (line) => line./*payload*/);
socket.emit('say', { /*data*/ });
socket.request('history', { limit: 1 }).then((lines) => lines[0]./*reply*/);
socket.addEventListener('/*event*/', () => {});
new Undrop('/room', [], { envelope: { /*envelope*/ } });
new Undrop('/room', [], { schemas: { incoming: { news: z.string() } } }).on('/*schema*/', () => {});
`;

const inServer = `
import { type Session, TypedMessages } from 'undrop/server';

type In = { chat: { from: string; text: string }; whois: (query: { name: string }) => string };
type Out = { say: { text: string }; hello: string; history: (query: { limit: number }) => string[] };

declare const session: Session;
const messages = new TypedMessages<In, Out>({ /*options*/ });
const client = messages.of(session);
client.emit('/*emitted*/');
client.deliver('/*delivered*/');
messages.write('/*written*/');
client.emit('chat', { /*sent*/ });
client.serve({ /*tables*/ });
client.serve({ on: { /*messages*/ } });
client.serve({ handle: { /*requests*/ } });
client.serve({ on: { say: (data) => data./*received*/ } });
client.serve({ handle: { history: (query) => query./*query*/ } });
client.serve({ on: { say: (_, message) => message./*message*/ } });
`;

const everything = ['*', 'binary', 'chat', 'presence'];
const offersInPage = {
  on: everything,
  once: everything,
  off: everything,
  messages: everything,
  next: ['binary', 'chat', 'presence'],
  emit: ['say'],
  request: ['history'],
  handle: ['chat', 'presence'],
  payload: ['from', 'text'],
  data: ['text'],
  envelope: ['data', 'error', 'id', 'reply', 'type'],
  schema: ['*', 'binary', 'news'],
};

const offersInServer = {
  options: ['codec', 'envelope', 'onInvalid', 'schemas'],
  emitted: ['chat'],
  delivered: ['chat'],
  written: ['chat'],
  sent: ['from', 'text'],
  tables: ['handle', 'on'],
  messages: ['binary', 'hello', 'say'],
  requests: ['history'],
  received: ['text'],
  query: ['limit'],
  message: ['emit', 'number', 'session'],
};

/** An editor with a file in this folder. Returns what it offers at a mark. */
function edit(folder, text) {
  const project = inRoot(folder, 'tsconfig.json');
  const file = inRoot(folder, 'being-written.ts');
  let api;
  let checker;
  before(() => {
    const { include: _, ...rest } = JSON.parse(readFileSync(project, 'utf8'));
    const options = JSON.stringify({ ...rest, files: ['being-written.ts'] });
    // The file is only in the editor.
    const readFile = (name) => {
      if (name === file) return text;
      if (name === project) return options;
    };
    api = new API({ fs: { readFile, fileExists: (name) => (name === file ? true : undefined) } });
    const snapshot = api.updateSnapshot({ openProject: project });
    ({ checker } = snapshot.getProject(project));
  });
  after(() => api?.close());
  return (mark) =>
    checker
      .getCompletionsAtPosition(file, text.indexOf(`/*${mark}*/`))
      .entries.map(({ name }) => name.replace(/^['"]|['"?]$/g, ''))
      .sort();
}

const offered = edit('tests/types', inPage);
const offeredToServer = edit('tests/types/server', inServer);

for (const [mark, names] of Object.entries(offersInPage)) {
  test(`${mark}: an editor offers ${names.join(', ')}, and nothing else`, () => {
    assert.deepEqual(offered(mark), names);
  });
}

for (const [mark, names] of Object.entries(offersInServer)) {
  test(`${mark}: an editor of a server offers ${names.join(', ')}, and nothing else`, () => {
    assert.deepEqual(offeredToServer(mark), names);
  });
}

test('reply: an editor knows what a reply holds', () => {
  assert.ok(offered('reply').includes('toUpperCase'));
});

test('event: an editor knows of the invalid event', () => {
  assert.ok(offered('event').includes('invalid'));
});
