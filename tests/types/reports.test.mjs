// What the compiler says of a mistake: the very words, since they are what a user reads first.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { cache, inRoot } from '../../scripts/lib/paths.mjs';
import { packageProgram, tee } from '../../scripts/lib/run.mjs';

const preamble = `import { Undrop } from 'undrop/messages';
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

/** Each mistake, and what is said of it. */
const mistakes = {
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

const said = {};

before(async () => {
  const folder = join(cache, 'reports');
  mkdirSync(folder, { recursive: true });
  const lines = Object.keys(mistakes);
  writeFileSync(join(folder, 'mistakes.ts'), `${preamble}${lines.join('\n')}\nexport {};\n`);
  const options = {
    extends: inRoot('tests/types/tsconfig.json'),
    compilerOptions: {
      paths: {
        undrop: [inRoot('dist/index.d.ts')],
        'undrop/*': [inRoot('dist/*.d.ts')],
        zod: [inRoot('node_modules/zod')],
      },
    },
    files: ['mistakes.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  const { text } = await tee(process.execPath, [
    packageProgram('typescript', 'tsc'),
    '-p',
    folder,
    '--pretty',
    'false',
  ]);
  const first = preamble.split('\n').length;
  for (const [, line, message] of text.matchAll(/\((\d+),\d+\): error TS\d+: (.*)$/gm))
    said[lines[line - first]] = message;
});

for (const [mistake, message] of Object.entries(mistakes)) test(mistake, () => assert.equal(said[mistake], message));
