// Typed messages: what must compile, and under each `@ts-expect-error` what must not.

import * as msgpack from '@msgpack/msgpack';
import { type InvalidEvent, type ReplyError, Undrop } from 'undrop/messages';
import * as v from 'valibot';
import { z } from 'zod';
import { same } from './same';

interface Line {
  from: string;
  text: string;
}
interface In {
  chat: Line;
  presence: { online: string[] };
  bye: undefined;
  whois: (query: { name: string }) => string;
}
type Out = {
  say: { text: string };
  hello: undefined;
  mood: string | undefined;
  history: (query: { limit: number }) => Line[];
  time: () => Promise<number>;
};

const socket = new Undrop<In, Out>('wss://example.org/room');
const signal = new AbortController().signal;

// It is still a WebSocket, and all that an Undrop is.
const standard: WebSocket = socket;
new Undrop<In, Out>(() => 'wss://example.org', ['chat'], { retry: { limit: 3 }, heartbeat: { message: 'ping' } });
socket.addEventListener('drop', ({ attempt }) => attempt satisfies number);
// @ts-expect-error it can't be done without a URL
new Undrop<In, Out>();
// @ts-expect-error a misspelled option
new Undrop<In, Out>('/room', [], { envelop: {} });

// Handlers know what they are given.
const undo: () => void = socket.on('chat', (message, type) => {
  same<typeof message, Line>(true);
  same<typeof type, 'chat'>(true);
});
socket.on('chat', ({ from }) => from, { once: true, signal });
socket.on('presence', ({ online }) => online.length);
socket.on('whois', ({ name }) => name);
socket.on('bye', (data) => same<typeof data, undefined>(true));
socket.on('chat', () => {});
socket.on('chat', async ({ text }) => text);
socket.once('chat', ({ text }) => text);
socket.off('chat', (message: Line) => message.text);
// @ts-expect-error no such type
socket.on('chatt', () => {});
// @ts-expect-error a type of the other direction
socket.on('say', () => {});
// @ts-expect-error a message is no number
socket.on('chat', (message: number) => message);
// @ts-expect-error a message has no such field
socket.on('chat', ({ sender }) => sender);
// @ts-expect-error a handler is wanted
socket.on('chat');
// @ts-expect-error no such option
socket.on('chat', () => {}, { passive: true });
// @ts-expect-error no such type
socket.once('chatt', () => {});
// @ts-expect-error no such type
socket.off('chatt', () => {});

// The catch-all gets one of them, and the type says which.
socket.on('*', (data, type) => {
  if (type === 'chat') same<typeof data, Line>(true);
  if (type === 'binary') same<typeof data, ArrayBuffer | Blob>(true);
  // @ts-expect-error it may be any of them
  return data.text;
});
// @ts-expect-error there is no such type
socket.on('*', (_, type) => type === 'chatt');

// Frames that are not text.
socket.on('binary', (data) => same<typeof data, ArrayBuffer | Blob>(true));

// One message.
same<Promise<Line>, ReturnType<typeof nextLine>>(true);
const nextLine = () => socket.next('chat', { timeout: 1_000, signal });
// @ts-expect-error no such type
socket.next('chatt');
// @ts-expect-error a timeout is a number
socket.next('chat', { timeout: 'soon' });

// What leaves.
same<ReturnType<typeof socket.emit>, void>(true);
socket.emit('say', { text: 'hi' });
socket.emit('hello');
socket.emit('hello', undefined);
socket.emit('mood');
socket.emit('mood', 'good');
// @ts-expect-error it is a request
socket.emit('history', { limit: 1 });
// @ts-expect-error no such type
socket.emit('sya', { text: 'hi' });
// @ts-expect-error a type of the other direction
socket.emit('chat', { from: 'me', text: 'hi' });
// @ts-expect-error a field is missing
socket.emit('say', {});
// @ts-expect-error a field is of another type
socket.emit('say', { text: 1 });
// @ts-expect-error there is no such field
socket.emit('say', { text: 'hi', loud: true });
// @ts-expect-error it can't be said without
socket.emit('say');
// @ts-expect-error it holds nothing
socket.emit('hello', 1);

// Requests.
const history = () => socket.request('history', { limit: 50 }, { timeout: 5_000, signal });
same<ReturnType<typeof history>, Promise<Line[]>>(true);
const time = () => socket.request('time');
same<ReturnType<typeof time>, Promise<number>>(true);
socket.request('time', undefined, { timeout: 1_000 });
socket.request('time', signal);
socket.request('time', AbortSignal.timeout(1_000));
socket.request('history', { limit: 50 }, signal);
// @ts-expect-error it has no reply
socket.request('say', { text: 'hi' });
// @ts-expect-error options are no data
socket.request('time', { timeout: 1_000 });
// @ts-expect-error a signal is no query
socket.request('history', signal);
// @ts-expect-error no such type
socket.request('histroy', { limit: 50 });
// @ts-expect-error the query is of another type
socket.request('history', { limit: '50' });
// @ts-expect-error the query is missing
socket.request('history');
// @ts-expect-error no such option
socket.request('history', { limit: 50 }, { retry: true });
// @ts-expect-error the reply is of another type
const wrong: Promise<string> = socket.request('history', { limit: 50 });
const read = (error: ReplyError) => [error.name satisfies 'ReplyError', error.data satisfies unknown, error.message];

// Answers.
const unhandle: () => void = socket.handle('whois', ({ name }) => `${name}!`);
socket.handle('whois', async ({ name }, type) => `${name satisfies string} ${type satisfies 'whois'}`);
socket.handle('chat', () => 'a plain member may be answered with anything');
// @ts-expect-error no such type
socket.handle('whoami', () => '');
// @ts-expect-error the answer is of another type
socket.handle('whois', () => 1);
// @ts-expect-error the promised answer is of another type
socket.handle('whois', async () => 1);

// Iterators and streams.
async function iterate() {
  for await (const message of socket.messages('chat', { signal, limit: 10 })) same<typeof message, Line>(true);
  for await (const message of socket.messages()) {
    if (message.type === 'chat') same<typeof message.data, Line>(true);
    // @ts-expect-error it may be any of them
    message.data.text;
  }
  for await (const { type } of socket.messages('*')) same<typeof type, keyof In | 'binary'>(true);
  // @ts-expect-error no such type
  socket.messages('chatt');
  for await (const chunk of streamed()) same<typeof chunk, unknown>(true);
  await new Blob().stream().pipeTo(socket.writable);
  await socket.writable.getWriter().write('text');
  // @ts-expect-error an object is no message
  await socket.writable.getWriter().write({});
}
async function* streamed() {
  const reader = socket.readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

// What is wrong with what arrives.
socket.addEventListener('invalid', (event) => {
  same<typeof event, InvalidEvent>(true);
  const { data, reason, messageType, issues } = event;
  if (reason === 'schema') console.log(data, messageType?.length, issues[0]?.message, issues[0]?.path);
  // @ts-expect-error no such reason
  return reason === 'bad';
});
const { unhandled, invalid, attempts } = socket.stats;
[unhandled, invalid, attempts] satisfies number[];

// Without types anything goes, and nothing is known of what arrives.
const free = new Undrop('/room');
free.on('anything', (data, type) => {
  same<typeof data, unknown>(true);
  same<typeof type, 'anything'>(true);
});
free.emit('anything', 1);
free.emit('anything');
free.request('anything', 1, { timeout: 1 }).then((reply) => same<typeof reply, unknown>(true));
free.handle('anything', () => 1);

// Envelopes.
new Undrop('/room', [], { envelope: { type: 'event', data: 'payload', id: 'ref', reply: 'ok', error: 'nok' } });
new Undrop('/room', [], { envelope: { data: false } });
new Undrop('/room', [], { envelope: { type: 3, data: 4, id: 1, reply: 'phx_reply' } });
// @ts-expect-error no such field
new Undrop('/room', [], { envelope: { kind: 'event' } });
// @ts-expect-error flat is false
new Undrop('/room', [], { envelope: { data: true } });

// Codecs.
new Undrop('/room', [], { codec: { encode: msgpack.encode, decode: msgpack.decode } });
new Undrop('/room', [], { codec: { encode: JSON.stringify, decode: JSON.parse } });
new Undrop('/room', [], {
  codec: { encode: (message) => JSON.stringify(message), decode: (data) => msgpack.decode(data) },
});
// @ts-expect-error both directions are wanted
new Undrop('/room', [], { codec: { encode: msgpack.encode } });
// @ts-expect-error an object can't be sent
new Undrop('/room', [], { codec: { encode: (message) => ({ message }), decode: msgpack.decode } });

// Types from schemas: what handlers get is what the schema makes of it, what is sent is what it takes.
const withZod = new Undrop('/room', [], {
  schemas: {
    incoming: { chat: z.object({ text: z.string(), at: z.string().transform(Number) }) },
    outgoing: { say: z.object({ text: z.string(), at: z.string().transform(Number) }), hello: z.undefined() },
  },
});
withZod.on('chat', (data) => same<typeof data, { text: string; at: number }>(true));
withZod.emit('say', { text: 'hi', at: '7' });
withZod.emit('hello');
// @ts-expect-error no such type
withZod.on('chatt', () => {});
// @ts-expect-error no such type
withZod.emit('sya', { text: 'hi', at: '7' });
// @ts-expect-error the schema takes a string
withZod.emit('say', { text: 'hi', at: 7 });

withZod.emit('hello', undefined);

// Replies: those that have a schema are requests, and what comes back is what the schema makes of it.
const withReplies = new Undrop('/room', [], {
  schemas: {
    outgoing: { say: z.object({ text: z.string() }), history: z.object({ limit: z.number() }) },
    replies: { history: z.array(z.string().transform(Number)), time: v.number() },
  },
  requestTimeout: 5_000,
});
const numbers = () => withReplies.request('history', { limit: 5 });
same<ReturnType<typeof numbers>, Promise<number[]>>(true);
const clock = () => withReplies.request('time');
same<ReturnType<typeof clock>, Promise<number>>(true);
withReplies.emit('say', { text: 'hi' });
// @ts-expect-error it is a request
withReplies.emit('history', { limit: 5 });
// @ts-expect-error it has no reply
withReplies.request('say', { text: 'hi' });
// @ts-expect-error the query is of another type
withReplies.request('history', { limit: '5' });

const withValibot = new Undrop('/room', [], {
  schemas: { incoming: { chat: v.object({ text: v.string(), at: v.pipe(v.string(), v.transform(Number)) }) } },
});
withValibot.on('chat', (data) => same<typeof data, { text: string; at: number }>(true));
withValibot.emit('anything', 1);
// @ts-expect-error no such type
withValibot.on('chatt', () => {});

// Types and schemas: some types need none, and those that have one must agree with it.
new Undrop<In, Out>('/room', [], {
  schemas: {
    incoming: { chat: z.object({ from: z.string(), text: z.string() }), whois: z.object({ name: z.string() }) },
    outgoing: { history: v.object({ limit: v.number() }) },
    replies: { time: z.number(), history: z.array(z.object({ from: z.string(), text: z.string() })) },
  },
});
// @ts-expect-error the reply is of another type
new Undrop<In, Out>('/room', [], { schemas: { replies: { time: z.string() } } });
// @ts-expect-error it is no request
new Undrop<In, Out>('/room', [], { schemas: { replies: { say: z.string() } } });
// @ts-expect-error a timeout is a number
new Undrop<In, Out>('/room', [], { requestTimeout: '5 s' });
// @ts-expect-error the schema makes something else of it
new Undrop<In, Out>('/room', [], { schemas: { incoming: { chat: z.object({ from: z.string() }) } } });
// @ts-expect-error no such type
new Undrop<In, Out>('/room', [], { schemas: { incoming: { chatt: z.string() } } });
// @ts-expect-error the two directions differ
new Undrop('/room', [], { schemas: { chat: z.string() } });
// @ts-expect-error no schema
new Undrop('/room', [], { schemas: { incoming: { chat: (data: unknown) => data } } });

// A class with options of its own.
const Room = Undrop.with<In, Out>({ requestTimeout: 5_000, envelope: { type: 'kind' } });
new Room('/room').emit('say', { text: 'hi' });
const Checked = Undrop.with({ schemas: { incoming: { news: z.string() } } });
new Checked('/room').on('news', (text) => same<typeof text, string>(true));

// A class of one's own.
class Chat extends Undrop<In, Out> {
  say(text: string) {
    this.emit('say', { text });
  }
}
new Chat('/room').say('hello');

export { iterate, read, standard, undo, unhandle, wrong };
