// What must compile of `undrop/all`, and under each `@ts-expect-error` what must not.

import { type InvalidEvent, type LostEvent, Undrop } from 'undrop/all';

type In = { chat: { from: string; text: string } };
type Out = { say: { text: string }; history: (query: { limit: number }) => string[] };

const takesSocket = (socket: WebSocket) => socket.url;
const socket = new Undrop<In, Out>('wss://example.org/room', ['chat'], {
  resume: { limitMessages: 10, onReset: () => undefined },
  heartbeat: { interval: 1_000, timeout: 500 },
  envelope: { type: 'kind' },
});
takesSocket(socket);
new Undrop<In, Out>('/room', [], { heartbeat: { message: 'ping', reply: 'pong' } });
// @ts-expect-error a misspelled limit
new Undrop<In, Out>('/room', [], { resume: { limit: 10 } });
// @ts-expect-error a misspelled field
new Undrop<In, Out>('/room', [], { resume: true, envelope: { kind: 'type' } });

// Typed messages and sessions.
socket.on('chat', ({ from, text }) => [from, text]);
socket.emit('say', { text: 'hi' });
// @ts-expect-error not what it holds
socket.emit('say', { words: 'hi' });
const lines: Promise<string[]> = socket.request('history', { limit: 1 }, { timeout: 1_000 });
const delivered: Promise<void> = socket.deliver('text', { timeToLive: 1_000 });

// Events.
socket.onresume = (event: Event) => event.type;
socket.addEventListener('lost', ({ cause, data }: LostEvent) => [cause === 'unconfirmed', data]);
socket.addEventListener('invalid', ({ reason }: InvalidEvent) => reason === 'schema');
const { unacknowledged, unhandled, roundTrip } = socket.stats;
const counts: number[] = [unacknowledged, unhandled, roundTrip.last];

export { counts, delivered, lines };
