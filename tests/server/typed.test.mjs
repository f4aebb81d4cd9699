// Typed messages: a server and the package's own client, with the same description of their messages, over connections that
// are cut.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import { ReplyError, Sessions, setLog, TypedMessages } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { inbox, nextEvent, talk } from './support/client.mjs';
import { startCutter } from './support/cutter.mjs';
import { typedClient } from './support/typed-client.mjs';

const logged = [];
setLog((level, line) => {
  if (level !== 'info') logged.push(`${level}: ${line}`);
});

let server;
let cutter;
/** The handler of the present test. */
let handler;
let sockets = [];
const sessions = new Sessions({ spread: 0, idle: 1_000 }).serve((session) => handler(session));

before(async () => {
  server = createServer();
  attach(server, '/', sessions);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cutter = await startCutter(server.address().port);
});
afterEach(() => {
  for (const socket of sockets) socket.close();
  sockets = [];
  logged.length = 0;
});
after(async () => {
  await sessions.shutDown();
  cutter.stop();
  server.close();
});

/** Has each session served with these handlers, which are given `{ client, session }`. Returns what is invalid, as it comes. */
function serve(handlersOf, options = {}) {
  const invalid = inbox();
  const messages = new TypedMessages({ onInvalid: invalid.put, ...options });
  handler = async (session) => {
    const client = messages.of(session);
    await client.serve(typeof handlersOf === 'function' ? handlersOf({ client, session }) : handlersOf);
  };
  return { messages, invalid };
}

function connect(options) {
  const socket = typedClient(cutter.url, options);
  sockets.push(socket);
  return socket;
}

/** A client that sends and hears raw messages. */
function connectRaw() {
  const client = talk(cutter.url);
  sockets.push(client.socket);
  return client;
}

/** The data of the messages of a type, as they come. */
function heard(socket, type) {
  const { put, next } = inbox();
  socket.on(type, put);
  return next;
}

/** Has the connection cut, and waits until the session has resumed. */
async function cut(socket) {
  const resumed = nextEvent(socket, 'resume');
  cutter.cut();
  await resumed;
}

describe('messages and requests', () => {
  it('are handled once and in order, and answered once, while connections are cut', async () => {
    const said = [];
    serve({
      on: {
        say: (text, message) => {
          said.push(text);
          message.emit('said', { text, number: message.number });
        },
      },
      handle: { double: (number) => number * 2 },
    });
    const socket = connect();
    const next = heard(socket, 'said');
    await nextEvent(socket, 'open');
    const replies = [];
    for (let number = 1; number <= 60; number++) {
      socket.emit('say', `text ${number}`);
      replies.push(socket.request('double', number));
      if (number % 20 === 0) await cut(socket);
    }
    const expected = Array.from({ length: 60 }, (_, index) => index + 1);
    assert.deepEqual(
      await Promise.all(replies),
      expected.map((number) => number * 2),
    );
    assert.deepEqual(
      said,
      expected.map((number) => `text ${number}`),
    );
    for (const number of expected) assert.deepEqual(await next(), { text: `text ${number}`, number: 2 * number - 1 });
  });

  it('are handled one at a time, also when a handler takes long', async () => {
    const { put, next } = inbox();
    const order = [];
    serve({
      on: { second: () => order.push('second') },
      handle: {
        first: async () => {
          await new Promise(put);
          order.push('first');
          return 'done';
        },
      },
    });
    const socket = connect();
    const reply = socket.request('first');
    socket.emit('second');
    const last = socket.request('none').catch(() => order.push('last'));
    (await next())();
    assert.equal(await reply, 'done');
    await last;
    assert.deepEqual(order, ['first', 'second', 'last']);
  });

  it('of another type, or for the other table, are refused, whatever the type is called', async () => {
    const { invalid } = serve({ on: { say: () => {} }, handle: { history: () => ['secret'] } });
    const socket = connect();
    for (const type of ['histroy', 'say', '__proto__', 'toString', 'constructor', 'hasOwnProperty']) {
      await assert.rejects(socket.request(type), { name: 'ReplyError', message: /there is no such request$/ });
      const { reason, messageType, issues } = await invalid.next();
      assert.deepEqual([reason, messageType, issues], ['type', type, [{ message: 'there is no such request' }]]);
    }
    for (const type of ['sya', 'history', '__proto__', 'toString']) {
      socket.emit(type);
      const { reason, messageType, issues } = await invalid.next();
      assert.deepEqual([reason, messageType, issues], ['type', type, [{ message: 'there is no such message' }]]);
    }
    assert.deepEqual(await socket.request('history'), ['secret']);
  });

  it('are not answered if they are answers', async () => {
    const { invalid } = serve({ handle: { ping: () => 'pong' } });
    const { send, next } = connectRaw();
    for (const type of ['reply', 'error']) send(JSON.stringify({ type, id: 1 }));
    send(JSON.stringify({ id: 1 }));
    send(JSON.stringify({ type: 'ping', id: 2 }));
    assert.deepEqual(JSON.parse(await next()), { type: 'reply', data: 'pong', id: 2 });
    const reasons = [await invalid.next(), await invalid.next(), await invalid.next()].map(({ reason }) => reason);
    assert.deepEqual(reasons, ['type', 'type', 'envelope']);
  });
});

describe('a handler that throws', () => {
  it('answers its request with an error that tells nothing, and the log tells all', async () => {
    serve({
      handle: {
        query: async (_, message) => {
          message.emit('half');
          throw new Error('no access for user root with password 1234');
        },
        ping: () => 'pong',
      },
    });
    const socket = connect();
    const halves = [];
    socket.on('half', () => halves.push('half'));
    await assert.rejects(socket.request('query'), ({ name, data, message }) => {
      assert.deepEqual([name, data], ['ReplyError', { message: 'the server failed' }]);
      assert.equal(message, 'Undrop: the answer to query is an error: the server failed');
      return true;
    });
    assert.match(logged.join(), /^error: session \w{32}: the handler of query has thrown.*password 1234\n +at /);
    assert.equal(await socket.request('ping'), 'pong');
    assert.deepEqual(halves, []);
  });

  it('says in a ReplyError what the client is told', async () => {
    serve({
      handle: {
        join: ({ room }) => {
          throw new ReplyError('there is no such room', { room, code: 404 });
        },
        count: () => {
          throw new ReplyError('too many', { count: 1n });
        },
      },
    });
    const socket = connect();
    await assert.rejects(socket.request('join', { room: 'attic' }), ({ data, message }) => {
      assert.deepEqual(data, { room: 'attic', code: 404, message: 'there is no such room' });
      assert.match(message, /there is no such room$/);
      return true;
    });
    assert.deepEqual(logged, []);
    // What can't be sent is the server's mistake.
    await assert.rejects(socket.request('count'), { message: /the server failed$/ });
    assert.match(logged.join(), /the handler of count has thrown.*BigInt/);
  });

  it('answers with an error what can not be sent', async () => {
    serve({ handle: { size: () => 1n } });
    const socket = connect();
    await assert.rejects(socket.request('size'), { message: /the server failed$/ });
    assert.match(logged.join(), /the handler of size has thrown.*BigInt/);
  });

  it('does not lose a message that nobody would miss: the next handler receives it again', async () => {
    const heardBy = [];
    serve(({ session }) => ({
      on: {
        say: (text, message) => {
          heardBy.push([text, message.number, session.isRestored]);
          message.emit('said', text);
          if (!session.isRestored) throw new TypeError('not yet');
        },
      },
    }));
    const socket = connect();
    const next = heard(socket, 'said');
    const dropped = nextEvent(socket, 'drop');
    socket.emit('say', 'hello');
    assert.equal((await dropped).code, 1011);
    assert.equal(await next(), 'hello');
    assert.deepEqual(heardBy, [
      ['hello', 1, false],
      ['hello', 1, true],
    ]);
    assert.match(logged.join(), /the handler of say has thrown: TypeError: not yet\n +at /);
  });

  it('of an error about another session fails as with any other', async () => {
    const { messages } = serve({});
    const over = new Promise((resolve) => {
      handler = async (session) => {
        const client = messages.of(session);
        await client.serve({});
        resolve(client);
      };
    });
    const first = connect();
    await nextEvent(first, 'open');
    first.close();
    const gone = await over;
    assert.throws(() => gone.emit('poke'), { name: 'SessionError', code: 'over' });
    serve({
      on: {
        poke: (_, message) => {
          if (message.number === 2) gone.emit('poke');
        },
      },
      handle: { poke: () => gone.emit('poke') },
    });
    const second = connect();
    await assert.rejects(second.request('poke'), { message: /the server failed$/ });
    const dropped = nextEvent(second, 'drop');
    second.emit('poke');
    assert.equal((await dropped).code, 1011);
    assert.match(logged.join(), /the handler of poke has thrown.*SessionError/);
  });
});

describe('the end of a session', () => {
  it('ends serve in silence, also while a handler runs', async () => {
    const messages = new TypedMessages();
    const over = new Promise((resolve) => {
      handler = async (session) => {
        const client = messages.of(session);
        const slow = async () => {
          first.close();
          for (;;) await client.deliver('tick');
        };
        await client.serve({ on: { slow } });
        resolve(session.ending.cause);
      };
    });
    const first = connect();
    first.emit('slow');
    assert.equal(await over, 'client');
    assert.deepEqual(logged, []);
  });
});

describe('what is sent to a client', () => {
  it('has the types that it listens for: emitted, delivered, and sent by the id of its session', async () => {
    const begun = inbox();
    const { messages } = serve(({ client }) => {
      begun.put(client);
      return {};
    });
    const socket = connect();
    const next = heard(socket, 'chat');
    await nextEvent(socket, 'open');
    const client = await begun.next();
    client.emit('chat', 'emitted');
    cutter.cut();
    await client.deliver('chat', 'delivered');
    await sessions.sendTo(client.session.id, messages.write('chat', 'sent'));
    assert.deepEqual([await next(), await next(), await next()], ['emitted', 'delivered', 'sent']);
  });

  it('can not be added to a commit that is made', async () => {
    let kept;
    serve({
      handle: {
        keep: (_, message) => {
          kept = message;
        },
      },
    });
    await connect().request('keep');
    assert.throws(() => kept.emit('late'), {
      message: 'Undrop: the handler of keep has ended: emit on the client, which sends at once',
    });
  });
});

describe('invalid messages', () => {
  it('are told, end nothing, and are not received again', async () => {
    const { invalid } = serve({ handle: { ping: () => 'pong' } });
    const { send, next, socket } = connectRaw();
    const cases = [
      ['{', 'parse'],
      ['', 'parse'],
      ['null', 'envelope'],
      ['7', 'envelope'],
      ['[]', 'envelope'],
      ['{"type":7,"id":1}', 'envelope'],
      ['{"data":{}}', 'envelope'],
    ];
    for (const [text, reason] of cases) {
      send(text);
      const told = await invalid.next();
      assert.deepEqual([told.data, told.reason, told.messageType], [text, reason, undefined]);
      assert.equal(typeof told.issues[0].message, 'string');
    }
    send(Uint8Array.of(1, 2));
    const { data, reason, messageType } = await invalid.next();
    assert.deepEqual([[...data], reason, messageType], [[1, 2], 'type', 'binary']);
    await cut(socket);
    send('{"type":"ping","id":"x-1"}');
    assert.deepEqual(JSON.parse(await next()), { type: 'reply', data: 'pong', id: 'x-1' });
  });

  it('end nothing when what is told of them throws', async () => {
    let calls = 0;
    const onInvalid = () => {
      calls++;
      if (calls === 1) throw new Error('one');
      return Promise.reject(new Error('two'));
    };
    serve({ handle: { ping: () => 'pong' } }, { onInvalid });
    const socket = connect();
    socket.emit('nothing');
    socket.emit('nothing');
    assert.equal(await socket.request('ping'), 'pong');
    assert.equal(calls, 2);
    assert.match(logged.join(), /onInvalid has thrown: Error: one.*onInvalid has thrown: Error: two/s);
  });

  it('are a warning in the log, once and on one line, unless they are told', async () => {
    serve({ handle: { ping: () => 'pong' } }, { onInvalid: undefined });
    const socket = connect();
    socket.emit(`two\nlines${'!'.repeat(1_000)}`);
    socket.emit('nothing');
    assert.equal(await socket.request('ping'), 'pong');
    assert.equal(logged.length, 1);
    assert.match(
      logged[0],
      /^warn: session \w{32} has sent an invalid message \(type\): "two\\nlines!{91}": "there is no such/,
    );
    assert.equal(logged[0].includes('\n'), false);
  });
});

describe('schemas', () => {
  const schemas = {
    incoming: { said: z.object({ text: z.string() }) },
    outgoing: {
      say: z.object({ text: z.string().trim().min(1) }),
      history: z.object({ limit: z.number().default(2) }),
      slow: z.string().refine(async (text) => text !== 'no'),
    },
    replies: { history: z.array(z.string()), slow: z.string().refine(async () => true), broken: z.number() },
  };

  it('of the client are those of the server: handlers get what they return', async () => {
    const lines = [];
    const { invalid } = serve(
      ({ client }) => ({
        on: {
          say: ({ text }) => {
            lines.push(text);
            client.emit('said', { text, secret: 1 });
          },
        },
        handle: { history: ({ limit }) => lines.slice(-limit), slow: (text) => text, broken: () => 'no number' },
      }),
      { schemas },
    );
    const socket = connect({ schemas });
    const next = heard(socket, 'said');
    for (const text of [' one ', 'two', 'three']) socket.emit('say', { text });
    assert.deepEqual([await next(), await next(), await next()], [{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
    assert.deepEqual(await socket.request('history', {}), ['two', 'three']);
    assert.equal(await socket.request('slow', 'yes'), 'yes');
    await assert.rejects(socket.request('broken'), { message: /the server failed$/ });
    assert.match(logged.join(), /TypeError: Undrop: the reply to broken does not fit its schema: /);
    // A client that does not check.
    const careless = connect();
    await assert.rejects(careless.request('history', { limit: 'all' }), {
      name: 'ReplyError',
      message: /Undrop: history does not fit its schema: limit: /,
    });
    careless.emit('say', { text: ' ' });
    const told = [await invalid.next(), await invalid.next()];
    assert.deepEqual(
      told.map(({ reason, messageType, issues }) => [reason, messageType, issues[0].path]),
      [
        ['schema', 'history', ['limit']],
        ['schema', 'say', ['text']],
      ],
    );
    await assert.rejects(careless.request('slow', 'no'), { name: 'ReplyError' });
  });

  it('refuse what the server would send', () => {
    const messages = new TypedMessages({ schemas });
    assert.throws(() => messages.write('said', { text: 1 }), {
      name: 'TypeError',
      message: /^Undrop: said does not fit its schema: text: /,
    });
    const slow = new TypedMessages({ schemas: { incoming: { said: schemas.outgoing.slow } } });
    assert.throws(() => slow.write('said', 'text'), {
      name: 'TypeError',
      message: /the schema of said is asynchronous/,
    });
  });
});

describe('the format', () => {
  const cases = JSON.parse(readFileSync(new URL('../messages/envelopes.json', import.meta.url), 'utf8'));

  for (const { envelope, type, data, message, request, reply, error } of cases) {
    it(`is that of the client and of the server in Rust: ${JSON.stringify(envelope)}`, async () => {
      const flat = envelope.data === false;
      const got = inbox();
      const handlers = {
        on: { [type]: got.put },
        handle: {
          [type]: (asked) => {
            got.put(asked);
            return data;
          },
          fail: () => {
            throw new ReplyError('no');
          },
        },
      };
      const { messages } = serve(handlers, { envelope });
      assert.deepEqual(JSON.parse(messages.write(type, data)), message);
      const { send, next } = connectRaw();
      send(JSON.stringify(message));
      assert.deepEqual(await got.next(), flat ? message : data);
      send(JSON.stringify(request));
      assert.deepEqual(await got.next(), flat ? request : data);
      assert.deepEqual(JSON.parse(await next()), reply);
      send(JSON.stringify(request).replace(`"${type}"`, '"fail"'));
      assert.deepEqual(JSON.parse(await next()), error);
    });
  }

  it('may be a codec of both ends', async () => {
    const given = [];
    const codec = {
      encode,
      decode: (data) => {
        given.push(data instanceof ArrayBuffer);
        return decode(data);
      },
    };
    serve({ handle: { add: (numbers) => numbers[0] + numbers[1] } }, { codec });
    assert.equal(await connect({ codec }).request('add', [1.5, 2]), 3.5);
    assert.deepEqual(given, [true, true]);
  });

  it('leaves frames that are not text to the handler of binary', async () => {
    const { put, next } = inbox();
    serve({ on: { binary: put } });
    const socket = connect();
    socket.send(Uint8Array.of(1, 2, 3));
    assert.deepEqual([...(await next())], [1, 2, 3]);
  });
});

describe('mistakes', () => {
  const mistakes = [
    [{ envelope: { kind: 'x' } }, 'Undrop: envelope has no kind, but type, data, id, reply, error.'],
    [{ codec: { encode } }, 'Undrop: a codec needs a function decode.'],
    [{ schemas: { incoming: { say: 7 } } }, 'Undrop: the schema of say is no Standard Schema.'],
    [{ onInvalid: true }, 'Undrop: onInvalid must be a function, not true.'],
  ];
  for (const [options, message] of mistakes)
    it(`of ${Object.keys(options)} are told: ${message}`, () => {
      assert.throws(() => new TypedMessages(options), { name: 'TypeError', message });
    });

  it('handlers that are none are refused with what is wrong with them', async () => {
    const client = new TypedMessages().of({});
    const refused = (handlers, message) => assert.rejects(client.serve(handlers), { name: 'TypeError', message });
    await refused({ say: () => {} }, 'Undrop: serve has no say, but on, handle.');
    await refused({ on: { say: 'hi' } }, 'Undrop: the handler of say is a function, not string.');
    await refused(undefined, 'Undrop: serve must be an object, not undefined.');
  });
});
