// What comes from a server, as the checks see it.

import type { Control } from './frames.js';

export type Message = string | Buffer;

/** What comes on a connection, apart from what it answers and counts by itself: pings and acknowledgements. */
export type Item =
  | { kind: 'message'; message: Message }
  | { kind: 'control'; control: Exclude<Control, { name: 'ack' | 'ping' }> }
  | { kind: 'websocket-pong'; bytes: Buffer }
  | { kind: 'close'; code: number | undefined; reason: string }
  | { kind: 'gone'; why: string }
  | { kind: 'nothing' };

export const isSame = (one: Message, other: Message): boolean =>
  typeof one === 'string' || typeof other === 'string' ? one === other : one.equals(other);
