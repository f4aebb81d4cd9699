// An option that is undefined is not there, so TypeScript lets it be undefined under `exactOptionalPropertyTypes`, in each entry.

import { Undrop } from 'undrop';
import { Undrop as WithAll } from 'undrop/all';
import type { Collecting, Envelope, Listening, Waiting, Undrop as WithMessages } from 'undrop/messages';
import { type Delivering, Undrop as WithSession } from 'undrop/session';
import type { Undrop as Slim } from 'undrop/slim';
import { same } from './same';
import type { NotUnset } from './unset';

type OptionsOf<Class extends abstract new (...given: never) => unknown> = ConstructorParameters<Class>[2];
same<NotUnset<OptionsOf<typeof Undrop>>, never>(true);
same<NotUnset<OptionsOf<typeof Slim>>, never>(true);
same<NotUnset<OptionsOf<typeof WithMessages>>, never>(true);
same<NotUnset<OptionsOf<typeof WithSession>>, never>(true);
same<NotUnset<OptionsOf<typeof WithAll>>, never>(true);
same<NotUnset<Parameters<Undrop['flushed']>[0]>, never>(true);
same<NotUnset<Envelope | Listening | Waiting | Collecting | Delivering>, never>(true);

// What is asked is found.
same<NotUnset<{ one?: 1; two?: 2 | undefined; three: 3; group?: { four?: 4 } | undefined }>, 'one' | 'four'>(true);

declare const setting: {
  signal: AbortSignal | undefined;
  limit: number | undefined;
  word: string | undefined;
  onReset: (() => void) | undefined;
};
const { signal, limit } = setting;
new Undrop('/room', [], {
  signal,
  connectTimeout: limit,
  retry: { limit, decide: undefined },
  queue: { messages: limit },
});
new Undrop('/room', [], { retry: undefined, queue: undefined, heartbeat: undefined, authenticate: undefined });
new WithSession('/room', [], {
  resume: { limitBytes: limit, onReset: setting.onReset },
  signal,
  heartbeat: { interval: limit },
});
new WithSession('/room', [], { resume: undefined, lifetime: undefined });
const socket = new WithAll('/room', [], {
  resume: true,
  envelope: { type: setting.word, data: undefined, reply: setting.word },
  codec: undefined,
  schemas: { incoming: undefined },
  requestTimeout: limit,
});
socket.on('chat', () => {}, { signal, once: undefined });
socket.next('chat', { signal, timeout: limit }) satisfies Promise<unknown>;
socket.messages('chat', { signal, limit });
socket.deliver('text', { signal, timeToLive: limit }) satisfies Promise<void>;
socket.flushed({ signal }) satisfies Promise<void>;
// @ts-expect-error the message of a heartbeat is no option
new Undrop('/room', [], { heartbeat: { message: setting.word } });
