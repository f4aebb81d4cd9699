// What must compile of `undrop/session`, and under each `@ts-expect-error` what must not.

import { type DeliveryError, type LostEvent, type SessionStats, Undrop } from 'undrop/session';

const takesSocket = (socket: WebSocket) => socket.url;
const socket = new Undrop('wss://example.org/room', [], { resume: true });
takesSocket(socket);

// Options.
new Undrop('/room', ['chat'], { resume: { limitBytes: 1_000, limitMessages: 10, onReset: () => undefined } });
new Undrop('/room', [], {
  resume: {
    onReset({ reason }) {
      const known: 'unknown' | 'store-lost' = reason;
      console.log(known);
    },
  },
});
new Undrop('/room', [], { resume: true, heartbeat: { interval: 1_000, timeout: 500 } });
new Undrop('/room', [], { resume: true, heartbeat: false, retry: { limit: 3 } });
new Undrop('/room', [], { heartbeat: { message: 'ping', reply: 'pong' } });
// @ts-expect-error a heartbeat without a message, and without a session
new Undrop('/room', [], { heartbeat: { interval: 300 } });
// @ts-expect-error the messages of the heartbeat of a session are its own
new Undrop('/room', [], { resume: true, heartbeat: { message: 'ping' } });
// @ts-expect-error a session has limits of its own
new Undrop('/room', [], { resume: true, queue: { messages: 10 } });
// @ts-expect-error a session reconnects
new Undrop('/room', [], { resume: true, retry: false });
// @ts-expect-error a misspelled limit
new Undrop('/room', [], { resume: { limit: 10 } });

new Undrop('/room', [], { lifetime: 'session' });
const OfAClient: new (url: string | URL, protocols?: string | string[]) => WebSocket = Undrop.with({
  lifetime: 'session',
});
new OfAClient('/room');

// Sending.
const delivered: Promise<void> = socket.deliver('text', { timeToLive: 1_000, signal: new AbortController().signal });
socket.deliver(new Uint8Array(1));
// @ts-expect-error not without data
socket.deliver();
// @ts-expect-error a misspelled option
socket.deliver('text', { ttl: 1_000 });
const isUnsure = ({ cause }: DeliveryError) => cause === 'unconfirmed';

// Events.
socket.onresume = (event: Event) => event.type;
socket.addEventListener('resume', () => undefined);
socket.addEventListener('lost', ({ cause, data }: LostEvent) => [cause === 'unsent', data]);
socket.addEventListener('error', ({ message }): string | undefined => message);
socket.onerror = ({ message }) => console.log(message?.length);
const stats: SessionStats = socket.stats;
const waiting: number = stats.unacknowledged;

export { delivered, isUnsure, waiting };
