// What must compile, and under each `@ts-expect-error` what must not.

import Default, { type Cause, type Drop, type DropEvent, type LostEvent, type State, type Stats, Undrop } from 'undrop';
import { Undrop as Slim } from 'undrop/slim';

const takesSocket = (socket: WebSocket) => socket.url;
const socket = new Undrop('wss://example.org/room');

// It can be used wherever a WebSocket can, and so can its class.
takesSocket(socket);
takesSocket(new Slim('/room'));
const Class: new (url: string | URL, protocols?: string | string[]) => WebSocket = Default;
new Class(new URL('wss://example.org'), ['chat']);

// So can a class with options of its own.
const Configured = Undrop.with({ lifetime: 'connection', heartbeat: { message: 'ping' } });
const OfAClient: new (url: string | URL, protocols?: string | string[]) => WebSocket = Configured;
new OfAClient('/room');
new (Configured.with({ connectTimeout: 5_000 }))('/room', [], { closeTimeout: 1_000 }).reconnect();
new (Slim.with({ retry: false }))('/room');
// @ts-expect-error a misspelled option
Undrop.with({ retyr: false });
// @ts-expect-error that takes undrop/session
Undrop.with({ lifetime: 'session' });

// Values, functions and async functions.
new Undrop(
  () => 'wss://example.org',
  async () => ['chat'],
);
new Undrop(async () => new URL('wss://example.org'), new Set(['chat']));
// @ts-expect-error a URL is no number
new Undrop(1);
// @ts-expect-error nor are subprotocols
new Undrop('/room', [1]);
// @ts-expect-error and it can't be done without
new Undrop();

// Options.
new Undrop('/room', [], { retry: false, queue: false });
new Undrop('/room', [], { retry: { limit: 3, first: 1_000, cap: 5_000, resetAfter: 10_000 }, connectTimeout: 5_000 });
new Undrop('/room', [], { closeTimeout: 0 });
new Undrop('/room', [], {
  retry: ({ cause, code, attempt }: Drop) => cause === 'close' && code > 4000 && attempt * 1_000,
});
new Undrop('/room', [], { queue: { messages: 10, bytes: 1_000, timeToLive: 5_000, overflow: 'drop-oldest' } });
new Undrop('/room', [], { heartbeat: { message: 'ping', reply: 'pong' }, signal: new AbortController().signal });
new Undrop('/room', [], { heartbeat: { message: () => new ArrayBuffer(1), reply: (data) => data === 'pong' } });
// @ts-expect-error a misspelled option
new Undrop('/room', [], { retyr: false });
// @ts-expect-error a heartbeat without a message
new Undrop('/room', [], { heartbeat: { interval: 1_000 } });
new Undrop('/room', [], { heartbeat: false });
// @ts-expect-error an overflow rule that does not exist
new Undrop('/room', [], { queue: { overflow: 'drop-newest' } });
// @ts-expect-error not a decision
new Undrop('/room', [], { retry: () => 'again' });

// Sending.
socket.send('text');
socket.send(new Blob());
socket.send(new ArrayBuffer(1));
socket.send(new Uint8Array(1));
// @ts-expect-error not without data
socket.send();
const flushed: Promise<void> = socket.flushed({ signal: new AbortController().signal });

// Properties.
const constants: [0, 1, 2, 3] = [Undrop.CONNECTING, Undrop.OPEN, socket.CLOSING, socket.CLOSED];
const state: State = socket.state;
const stats: Stats = socket.stats;
const causes: Record<Cause, number> = stats.drops;
socket.binaryType = 'arraybuffer';
// @ts-expect-error not one of the two
socket.binaryType = 'buffer';
// @ts-expect-error is not to be written
socket.url = '/other';
// @ts-expect-error nor is this
socket.state = 'open';

// Events.
socket.onopen = (event: Event) => event.type;
socket.onmessage = (event) => event.data;
socket.onclose = ({ code, reason, wasClean }) => [code, reason, wasClean];
socket.ondrop = (event: DropEvent) => event.cause === 'wake' && event.preventDefault();
socket.onlost = ({ data, cause }: LostEvent) => [data, cause];
socket.onstatechange = null;
socket.addEventListener('drop', ({ attempt, delay }) => attempt + delay, { once: true });
socket.addEventListener('anything', { handleEvent: (event) => event.type });
socket.addEventListener('drop', null);
socket.removeEventListener('close', ({ code }) => code);
socket.addEventListener('close', ({ cause }): Cause | undefined => cause);
// @ts-expect-error an open event has no such field
socket.addEventListener('open', ({ cause }) => cause);
// @ts-expect-error a handler is a function
socket.onopen = 'open';

export { causes, constants, flushed, state };
