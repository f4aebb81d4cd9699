// Typed messages of `undrop/server`: what must compile, and under each `@ts-expect-error` what must not.

import { type Invalid, ReplyError, type Sendable, type Session, Sessions, TypedMessages } from 'undrop/server';
import * as v from 'valibot';
import { z } from 'zod';
import { same } from '../same';

interface Line {
  from: string;
  text: string;
}
interface In {
  chat: Line;
  bye: undefined;
  whois: (query: { name: string }) => string;
}
type Out = {
  say: { text: string };
  hello: undefined;
  history: (query: { limit: number }) => Line[];
  time: () => Promise<number>;
};

declare const session: Session;
const messages = new TypedMessages<In, Out>();
const client = messages.of(session);
same<typeof client.session, Session>(true);

// What the page receives is what the server sends.
client.emit('chat', { from: 'ann', text: 'hi' });
client.emit('bye');
same<ReturnType<typeof client.emit>, void>(true);
const delivered: Promise<void> = client.deliver('chat', { from: 'ann', text: 'hi' });
const frame: Sendable = messages.write('bye');
// @ts-expect-error a type of the other direction
client.emit('say', { text: 'hi' });
// @ts-expect-error no such type
client.emit('chatt', { from: 'ann', text: 'hi' });
// @ts-expect-error a field is missing
client.emit('chat', { from: 'ann' });
// @ts-expect-error it can't be said without
client.deliver('chat');
// @ts-expect-error it holds nothing
messages.write('bye', 1);
// @ts-expect-error the server does not ask
client.emit('whois', { name: 'ann' });

// What the page sends is what the server handles, each type of it.
const say = () => {};
const hello = () => {};
const history = (): Line[] => [];
const time = () => 1;
client.serve({
  on: {
    say: ({ text }, message) => {
      same<typeof text, string>(true);
      same<typeof message.number, number>(true);
      message.emit('chat', { from: message.session, text });
      // @ts-expect-error a type of the other direction
      message.emit('say', { text });
    },
    hello: (data) => same<typeof data, undefined>(true),
    binary: (bytes) => same<typeof bytes, Uint8Array>(true),
  },
  handle: {
    history: async ({ limit }) => [{ from: 'ann', text: limit.toFixed() }],
    time: async () => 1,
  },
}) satisfies Promise<void>;
client.serve({ on: { say, hello }, handle: { history, time } });
// @ts-expect-error there is no handler of history
client.serve({ on: { say, hello }, handle: { time } });
// @ts-expect-error there is no handler of hello
client.serve({ on: { say }, handle: { history, time } });
// @ts-expect-error nothing is answered
client.serve({ on: { say, hello } });
// @ts-expect-error it is a request
client.serve({ on: { say, hello, history }, handle: { time } });
// @ts-expect-error no such type
client.serve({ on: { say, hello, shout: say }, handle: { history, time } });
// @ts-expect-error a type of the other direction
client.serve({ on: { say, hello }, handle: { history, time, whois: () => 'ann' } });
// @ts-expect-error the reply is of another type
client.serve({ on: { say, hello }, handle: { history, time: () => 'noon' } });
// @ts-expect-error the promised reply is of another type
client.serve({ on: { say, hello }, handle: { history: async () => [''], time } });
// @ts-expect-error the data has no such field
client.serve({ on: { say: ({ words }) => words, hello }, handle: { history, time } });

// A table that has nothing in it may be left out.
new TypedMessages<In, { say: string }>().of(session).serve({ on: { say } });
new TypedMessages<In, { time: () => number }>().of(session).serve({ handle: { time } });
new TypedMessages<In, { binary: string }>().of(session).serve({ on: { binary: (text) => text satisfies string } });

// Without types anything goes, and nothing is known of what arrives.
const free = new TypedMessages().of(session);
free.emit('anything', 1);
free.serve({ on: { any: (data) => same<typeof data, unknown>(true) }, handle: { thing: () => 1 } });

// Without types of one's own they are those of the schemas.
const shared = {
  envelope: { type: 'kind' },
  codec: { encode: JSON.stringify, decode: JSON.parse },
  schemas: {
    incoming: { chat: v.object({ text: v.string() }), tick: z.number() },
    outgoing: { say: z.object({ text: z.string() }), history: z.object({ limit: z.number().default(10) }) },
    replies: { history: z.array(z.string()), time: v.number() },
  },
};
const checked = new TypedMessages(shared).of(session);
checked.emit('chat', { text: 'hi' });
checked.serve({
  on: { say: ({ text }) => same<typeof text, string>(true) },
  handle: {
    history: ({ limit }) => {
      // What the schema returns, which is not optional.
      same<typeof limit, number>(true);
      return ['one'];
    },
    time: (data) => {
      same<typeof data, undefined>(true);
      return 1;
    },
  },
});
// @ts-expect-error no such type
checked.emit('chatt', { text: 'hi' });
// @ts-expect-error the schema takes a string
checked.emit('chat', { text: 1 });
// @ts-expect-error the reply is of another type
checked.serve({ on: { say }, handle: { history: () => [1], time } });

// Types and schemas have to agree.
new TypedMessages<In, Out>({ schemas: { outgoing: { say: z.object({ text: z.string() }) } } });
// @ts-expect-error the schema makes something else of it
new TypedMessages<In, Out>({ schemas: { outgoing: { say: z.object({ words: z.string() }) } } });
// @ts-expect-error no such type
new TypedMessages<In, Out>({ schemas: { outgoing: { chat: z.string() } } });
// @ts-expect-error it is no request
new TypedMessages<In, Out>({ schemas: { replies: { say: z.string() } } });
// @ts-expect-error no such option
new TypedMessages<In, Out>({ envelop: {} });

// What an app leaves to a setting may be undefined.
declare const setting: { origins: string[] | undefined; sessions: number | undefined; codec: undefined };
new Sessions({ origins: setting.origins, limits: { sessions: setting.sessions, outbox: undefined } });
new TypedMessages<In, Out>({ codec: setting.codec, schemas: { incoming: undefined } });

// What is told.
new TypedMessages<In, Out>({
  onInvalid: (invalid, session) => {
    same<typeof invalid, Invalid>(true);
    if (invalid.reason === 'type') session.close(4400, `no ${invalid.messageType}`);
    // @ts-expect-error no such reason
    return invalid.reason === 'outgoing';
  },
});
const refusal = new ReplyError('no such room', { room: 'attic' });
same<typeof refusal.data.message, string>(true);

// In place.
new Sessions().serve((session) => messages.of(session).serve({ on: { say, hello }, handle: { history, time } }));

export { delivered, frame };
