// What the compiler says of a mistake: the very words, since they are what a user reads first.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { cache, inRoot } from '../../scripts/lib/paths.mjs';
import { packageProgram, tee } from '../../scripts/lib/run.mjs';

const inPage = `import { Undrop } from 'undrop/messages';
import { z } from 'zod';
type In = { chat: { from: string; text: string } };
type Out = {
  say: { text: string };
  mood: string;
  history: (query: { limit: number }) => string[];
  time: () => number;
};
const socket = new Undrop<In, Out>('/room');
const checked = new Undrop('/room', [], {
  schemas: { outgoing: { say: z.string(), history: z.number() }, replies: { history: z.string() } },
});
`;

const inServer = `import { type Session, TypedMessages } from 'undrop/server';
import { z } from 'zod';
type In = { chat: { from: string; text: string } };
type Out = { say: { text: string }; mood: string; history: (query: { limit: number }) => string[]; time: () => number };
declare const session: Session;
const client = new TypedMessages<In, Out>().of(session);
const say = () => {};
const mood = () => {};
const history = () => [''];
const time = () => 1;
`;

/** Each mistake, and what is said of it. */
const mistakesInPage = {
  "socket.emit('sayy', { text: 'hi' });": `Argument of type '"sayy"' is not assignable to parameter of type '"mood" | "say"'.`,
  "socket.emit('history', { limit: 1 });": `Argument of type '"history"' is not assignable to parameter of type '"mood" | "say"'.`,
  "socket.request('histroy', { limit: 1 });": `Argument of type '"histroy"' is not assignable to parameter of type '"history" | "time"'.`,
  "socket.request('say', { text: 'hi' });": `Argument of type '"say"' is not assignable to parameter of type '"history" | "time"'.`,
  "socket.request('time', { timeout: 1_000 });":
    "Object literal may only specify known properties, and 'timeout' does not exist in type 'AbortSignal'.",
  "socket.request('history', '5');":
    "Argument of type 'string' is not assignable to parameter of type '{ limit: number; }'.",
  "socket.on('chatt', () => {});": `Argument of type '"chatt"' is not assignable to parameter of type '"*" | "binary" | "chat"'.`,
  "checked.emit('sayy', 'hi');": `Argument of type '"sayy"' is not assignable to parameter of type '"say"'.`,
  "checked.emit('history', 1);": `Argument of type '"history"' is not assignable to parameter of type '"say"'.`,
  "checked.request('say', 'hi');": `Argument of type '"say"' is not assignable to parameter of type '"history"'.`,
  'Undrop.with({ retyr: false });':
    "Object literal may only specify known properties, but 'retyr' does not exist in type 'MessageOptions<AnyMessages, AnyMessages, Record<string, unknown>>'. Did you mean to write 'retry'?",
};

const mistakesInServer = {
  "client.emit('chatt', { from: 'ann', text: 'hi' });": `Argument of type '"chatt"' is not assignable to parameter of type '"chat"'.`,
  "client.emit('say', { text: 'hi' });": `Argument of type '"say"' is not assignable to parameter of type '"chat"'.`,
  'client.serve({ on: { say, mood } });': `Argument of type '{ on: { say: () => void; mood: () => void; }; }' is not assignable to parameter of type 'Handlers<In, Out, { history: string[]; time: number; }>'.
  Property 'handle' is missing in type '{ on: { say: () => void; mood: () => void; }; }' but required in type '{ handle: RequestHandlers<In, Out, { history: string[]; time: number; }>; }'.`,
  'client.serve({ on: { say }, handle: { history, time } });': `Type '{ say: () => void; }' is not assignable to type 'OnHandlers<In, Out, { history: string[]; time: number; }>'.
  Property 'mood' is missing in type '{ say: () => void; }' but required in type '{ mood: (data: string, message: TypedReceived<In>) => unknown; say: (data: { text: string; }, message: TypedReceived<In>) => unknown; }'.`,
  "client.serve({ on: { say, mood }, handle: { history, time: () => 'noon' } });":
    "Type 'string' is not assignable to type 'number | Promise<number>'.",
  'client.serve({ on: { say, mood, shout: say }, handle: { history, time } });':
    "Object literal may only specify known properties, and 'shout' does not exist in type 'OnHandlers<In, Out, { history: string[]; time: number; }>'.",
  'client.serve({ on: { say: ({ words }) => words, mood }, handle: { history, time } });':
    "Property 'words' does not exist on type '{ text: string; }'.",
  'new TypedMessages<In, Out>({ onInvaild() {} });':
    "Object literal may only specify known properties, but 'onInvaild' does not exist in type 'TypedOptions<In, Out, { history: string[]; time: number; }>'. Did you mean to write 'onInvalid'?",
};

/** What the compiler says of each of these lines after this preamble, in a project like that in this folder. */
async function reports(like, preamble, lines) {
  const folder = join(cache, 'reports', like);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mistakes.ts'), `${preamble}${lines.join('\n')}\nexport {};\n`);
  const options = {
    extends: inRoot(like, 'tsconfig.json'),
    compilerOptions: {
      paths: {
        undrop: [inRoot('dist/index.d.ts')],
        'undrop/server': [inRoot('dist/server/index.d.ts')],
        'undrop/*': [inRoot('dist/*.d.ts')],
        zod: [inRoot('node_modules/zod')],
      },
      typeRoots: [inRoot('node_modules/@types')],
    },
    files: ['mistakes.ts'],
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  const compiler = packageProgram('typescript', 'tsc');
  const { text } = await tee(process.execPath, [compiler, '-p', folder, '--pretty', 'false']);
  const first = preamble.split('\n').length;
  const said = {};
  for (const [, line, message] of text.matchAll(/\((\d+),\d+\): error TS\d+: (.*(?:\n .*)*)$/gm))
    said[lines[line - first]] = message;
  return said;
}

const programs = [
  ['tests/types', inPage, mistakesInPage],
  ['tests/types/server', inServer, mistakesInServer],
];
for (const [like, preamble, mistakes] of programs) {
  let said;
  before(async () => {
    said = await reports(like, preamble, Object.keys(mistakes));
  });
  for (const [mistake, message] of Object.entries(mistakes)) test(mistake, () => assert.equal(said[mistake], message));
}
