// What apps pass by mistake, and what they are told.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { RedisStore, Refused, Sessions, setLog, TypedMessages } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { WebSocketServer } from '../../dist/server/ws.js';
import { talk } from './support/client.mjs';

const stops = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function listen() {
  const server = createServer().listen(0, '127.0.0.1');
  stops.push(() => server.close());
  await once(server, 'listening');
  return server;
}

/** What is logged at this level. */
function logged(level) {
  const lines = [];
  setLog((at, line) => {
    if (at === level) lines.push(line);
  });
  stops.push(() => setLog(() => {}));
  return lines;
}

const redis = { callBuffer() {}, duplicate() {} };
const serves = () => {};

describe('an argument that is none', () => {
  const table = [
    [() => new Sessions(null), 'what Sessions takes is an object, not null'],
    [() => new Sessions('room'), 'what Sessions takes is an object, not "room"'],
    [() => new Sessions({ authenticate: 'ann' }), 'authenticate is a function, not "ann"'],
    [() => new Sessions({ store: redis }), 'store is a RedisStore: new RedisStore(client), not an object of Object'],
    [() => new Sessions({ store: 'redis://x' }), 'store is a RedisStore: new RedisStore(client), not "redis://x"'],
    [() => new Sessions({ store: null }), 'store is a RedisStore: new RedisStore(client), not null'],
    [
      () => new Sessions({ origins: ['http://localhost:5173/'] }),
      'an origin is a scheme and a host, as in https://example.org, not "http://localhost:5173/"',
    ],
    [
      () => new Sessions({ origins: ['localhost:5173'] }),
      'an origin is a scheme and a host, as in https://example.org, not "localhost:5173"',
    ],
    [() => new Sessions({ limits: null }), 'limits is an object, not null'],
    [() => new Sessions().serve(), 'what serves sessions is a function of a session, not undefined'],
    [() => new Sessions().serve(serves).serve(serves), 'something serves these sessions already'],
    [() => new RedisStore(), 'RedisStore takes a client of the package redis, version 5 or newer, or of ioredis'],
    [
      () => new RedisStore('redis://x'),
      'RedisStore takes a client of the package redis, version 5 or newer, or of ioredis',
    ],
    [
      () => new RedisStore(redis, 'chat:'),
      'the second argument of RedisStore, such as { prefix: "chat:" }, is an object, not "chat:"',
    ],
    [() => new RedisStore(redis, { prefix: 5 }), 'prefix is a text, not 5'],
    [() => new Refused(200, 'no'), 'the code of Refused is one from 3000 to 4999, not 200'],
    [() => new Refused(), 'the code of Refused is one from 3000 to 4999, not undefined'],
    [() => new TypedMessages(null), 'what TypedMessages takes is an object, not null'],
    [() => new WebSocketServer({ noServer: true, sessions: null }), 'sessions is an object, not null'],
    [
      () => attach('/room', createServer(), new Sessions()),
      'the first argument of attach is an HTTP server, not "/room"',
    ],
    [
      () => attach(createServer(), /room/, new Sessions()),
      'a path is a text that begins with a slash, not an object of RegExp',
    ],
    [() => attach(createServer(), 'room', new Sessions()), 'a path is a text that begins with a slash, not "room"'],
    [() => attach(createServer(), '/room'), 'what is attached is a Sessions, not undefined'],
    [() => attach(createServer(), '/room', serves), 'what is attached is a Sessions, not a function'],
  ];
  for (const [call, message] of table)
    it(message, () => assert.throws(call, { name: 'TypeError', message: `Undrop: ${message}` }));
});

describe('an argument in a call that waits', () => {
  const sessions = new Sessions();
  const table = [
    [() => sessions.of(5), 'the name of a user is a text, not 5'],
    [() => sessions.revoke(), 'the name of a user is a text, not undefined'],
    [() => sessions.sendTo({}, 'hello'), 'a session is named by its id, session.id, not an object of Object'],
  ];
  for (const [call, message] of table)
    it(message, () => assert.rejects(call, { name: 'TypeError', message: `Undrop: ${message}` }));
});

it('what a handler passes by mistake is told, and its session goes on', async () => {
  const told = [];
  const tell = (call) => {
    try {
      call();
    } catch (error) {
      told.push(error.message);
    }
  };
  const sessions = new Sessions().serve(async (session) => {
    tell(() => session.close('1000'));
    tell(() => session.close(1000, 5));
    tell(() => session.handshake.query({}));
    tell(() => session.handshake.cookie());
    for await (const received of session) await received.commit(received.message);
  });
  const server = await listen();
  attach(server, '/', sessions);
  const client = talk(`ws://127.0.0.1:${server.address().port}/`);
  client.send('hello');
  assert.equal(await client.next(), 'hello');
  assert.deepEqual(told, [
    'Undrop: a close code is a number, not "1000"',
    'Undrop: a close reason is a text, not 5',
    'Undrop: the name of a parameter is a text, not an object of Object',
    'Undrop: the name of a cookie is a text, not undefined',
  ]);
  client.close();
});

it('options that there are not are warned of', () => {
  const warned = logged('warn');
  new Sessions({ ttl: 1, limits: { message: 1, outbox: { msgs: 1 } } });
  new TypedMessages({ schema: {} });
  new RedisStore(redis, { prefx: 'chat:' });
  assert.deepEqual(
    warned.map((line) => line.split(';')[0]),
    [
      'Sessions has no option ttl',
      'limits has no option message',
      'limits.outbox has no option msgs',
      'TypedMessages has no option schema',
      'RedisStore has no option prefx',
    ],
  );
  assert.match(warned[0], /; there are authenticate, store, name, /);
});

it('a client of sessions that nothing serves is refused, and told of', async () => {
  const errors = logged('error');
  const server = await listen();
  attach(server, '/', new Sessions());
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/`, ['undrop.1']);
  const [error] = await once(socket, 'error');
  assert.match(error.message, /503/);
  assert.deepEqual(errors, ['a client is refused, as nothing serves the sessions: call sessions.serve(handler) first']);
});

it('a user without a name is none', async () => {
  const errors = logged('error');
  const server = await listen();
  attach(server, '/', new Sessions({ authenticate: () => '' }).serve(serves));
  const client = talk(`ws://127.0.0.1:${server.address().port}/`);
  await client.event('drop');
  assert.match(errors[0], /^authenticate returned an empty text, where the name of a user or undefined may stand$/);
  client.socket.close();
});

it('a request that is for no WebSocket is answered, unless the app answers', async () => {
  const server = await listen();
  attach(server, '/room', new Sessions().serve(serves));
  const url = `http://127.0.0.1:${server.address().port}`;
  const ask = async (path) => (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).status;
  assert.deepEqual([await ask('/room?a=b'), await ask('/other')], [426, 404]);
  server.on('request', (_, response) => response.end('of the app'));
  assert.equal(await ask('/room'), 200);
});
