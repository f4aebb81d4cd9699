// What an app may pass by mistake, and what it is told: at once, by name, and without an end of the process.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { Handshake, RedisStore, Refused, Session, Sessions, setLog, TypedMessages } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { WebSocketServer } from '../../dist/server/ws.js';
import { talk } from './support/client.mjs';

const lines = [];
setLog((level, line) => lines.push(`${level}: ${line}`));

const sessions = new Sessions();
const server = createServer();
const redis = { callBuffer() {} };
const limits = (given) => () => new Sessions({ limits: given });
const options = (given) => () => new Sessions(given);
const STORE = 'a RedisStore, as new RedisStore(client) makes it';
const CLIENT = 'a client of the package redis, version 5 or newer, or of ioredis';
const COUNT = 'a whole number from 1 to 4294967295';
const USER = 'the name of a user, as authenticate returns it: a string';
const SPREAD = 'a number of milliseconds from 0, or how many clients a second as { rate: 1000 }';
const PROXIES = 'how many proxies append to which header, { xForwardedFor: 1 } or { forwarded: 1 }';
const ORIGINS =
  "'same', 'any', or an array of origins such as 'https://example.org', which have a scheme, no path and no slash at the end";
const PROTOCOLS = 'an array of names of subprotocols, which have no spaces and no commas';
const CODE = 'a close code, such as 4403: from 1000 to 1003, 1007 to 1014, or 3000 to 4999';

/** The calls, and for each: what is wrong, what it must be, and what it is. */
const mistakes = [
  [options(null), 'the options of Sessions', 'an object', 'null'],
  [options('room'), 'the options of Sessions', 'an object', '"room"'],
  [options({ authenticate: 'ann' }), 'authenticate', 'a function', '"ann"'],
  [options({ store: redis }), 'store', STORE, 'an object of Object'],
  [options({ store: 'redis://127.0.0.1' }), 'store', STORE, '"redis://127.0.0.1"'],
  [options({ store: null }), 'store', STORE, 'null'],
  [options({ name: 5 }), 'name', 'a string', '5'],
  [options({ logSessions: 'no' }), 'logSessions', 'true or false', '"no"'],
  [options({ timeToLive: '2m' }), 'timeToLive', 'a number of milliseconds, from 0', '"2m"'],
  [options({ grace: -1 }), 'grace', 'a number of milliseconds, from 0', '-1'],
  [options({ spread: '1s' }), 'spread', SPREAD, '"1s"'],
  [options({ plainConnections: 'allow' }), 'plainConnections', "'refuse' or 'serve'", '"allow"'],
  [options({ proxies: 1 }), 'proxies', PROXIES, '1'],
  [options({ proxies: { xForwardedFor: 1, forwarded: 1 } }), 'proxies', PROXIES, 'an object of Object'],
  [options({ keptHeaders: 'cookie' }), 'keptHeaders', 'an array of names of headers', '"cookie"'],
  [options({ protocols: ['a b'] }), 'protocols', PROTOCOLS, '["a b"]'],
  [options({ origins: ['http://localhost:5173/'] }), 'origins', ORIGINS, '["http://localhost:5173/"]'],
  [options({ origins: ['localhost:5173'] }), 'origins', ORIGINS, '["localhost:5173"]'],
  [options({ origins: ['https://example.org:443'] }), 'origins', ORIGINS, '["https://example.org:443"]'],
  [options({ origins: '*' }), 'origins', ORIGINS, '"*"'],
  [limits(5), 'limits', 'an object', '5'],
  [limits({ sessions: 0 }), 'limits.sessions', COUNT, '0'],
  [limits({ messageBytes: 0 }), 'limits.messageBytes', COUNT, '0'],
  [limits({ inboxes: 2 ** 40 }), 'limits.inboxes', COUNT, String(2 ** 40)],
  [limits({ outbox: 5 }), 'limits.outbox', 'an object', '5'],
  [limits({ outbox: { messages: 0 } }), 'limits.outbox.messages', COUNT, '0'],

  [() => sessions.of(5), 'the user of sessions.of(user)', USER, '5'],
  [() => sessions.revoke(), 'the user of sessions.revoke(user)', USER, 'undefined'],
  [
    () => sessions.sendTo(Object.create(Session.prototype), 'hi'),
    'the session of sessions.sendTo(session, message)',
    'the id of a session, its session.id',
    'an object of Session',
  ],
  [() => sessions.serve({}), 'the handler of serve(handler)', 'a function of a session', 'an object of Object'],
  [() => new Handshake({ headers: [] }).cookie(5), 'the name of handshake.cookie(name)', 'a string', '5'],
  [
    () => new Handshake({ headers: [] }).query({}),
    'the name of handshake.query(name)',
    'a string',
    'an object of Object',
  ],
  [() => new Session({ onReadable() {} }).close(1000, 5), 'the reason of session.close(code, reason)', 'a string', '5'],
  [() => new Refused(200, 'x'), 'the code of new Refused(code, reason)', CODE, '200'],
  [() => new Refused(), 'the code of new Refused(code, reason)', CODE, 'undefined'],
  [() => new Refused(4403), 'the reason of new Refused(code, reason)', 'a string', 'undefined'],

  [() => new RedisStore(), 'the client of new RedisStore(client, options)', CLIENT, 'undefined'],
  [() => new RedisStore('redis://x'), 'the client of new RedisStore(client, options)', CLIENT, '"redis://x"'],
  [() => new RedisStore(redis, 'chat:'), 'the options of new RedisStore(client, options)', 'an object', '"chat:"'],
  [() => new RedisStore(redis, { prefix: 5 }), 'prefix', 'a string', '5'],

  [
    () => attach('/room', server, sessions),
    'the server of attach(server, path, sessions)',
    'a server of node:http or node:https',
    '"/room"',
  ],
  [
    () => attach(server, /room/, sessions),
    'the path of attach(server, path, sessions)',
    "a path that begins with a slash, such as '/room'",
    'an object of RegExp',
  ],
  [
    () => attach(server, '/room', () => {}),
    'the sessions of attach(server, path, sessions)',
    'what new Sessions() makes',
    'a function',
  ],
  [
    () => attach(server, '/room'),
    'the sessions of attach(server, path, sessions)',
    'what new Sessions() makes',
    'undefined',
  ],
  [() => new WebSocketServer({ noServer: true, sessions: null }), 'sessions', 'an object', 'null'],
  [() => new TypedMessages(null), 'the options of TypedMessages', 'an object', 'null'],
];

describe('a mistake is a TypeError', () => {
  for (const [call, what, must, value] of mistakes) {
    const message = `Undrop: ${what} must be ${must}, not ${value}.`;
    it(message, async () => {
      await assert.rejects(async () => call(), { name: 'TypeError', message });
    });
  }

  it('of serve, when it is called twice', () => {
    const served = new Sessions().serve(() => {});
    assert.throws(() => served.serve(() => {}), {
      name: 'TypeError',
      message: /^Undrop: serve has been called already/,
    });
  });

  it('of attach, when something is attached to the path', () => {
    const own = createServer();
    const detach = attach(own, '/room', sessions);
    assert.throws(() => attach(own, '/room', new Sessions()), {
      name: 'TypeError',
      message: /attached to \/room already/,
    });
    detach();
    attach(own, '/room', new Sessions());
  });
});

describe('an option that there is not', () => {
  const unknown = [
    [() => new Sessions({ timetolive: 5 }), 'timetolive', 'timeToLive'],
    [() => new Sessions({ origin: 'any' }), 'origin', 'origins'],
    [() => new Sessions({ limits: { message: 5 } }), 'limits.message', 'limits.messageBytes'],
    [() => new Sessions({ limits: { outbox: { msgs: 5 } } }), 'limits.outbox.msgs', 'limits.outbox.messages'],
    [() => new RedisStore(redis, { prefx: 'chat:' }), 'prefx', 'prefix'],
    [() => new TypedMessages({ schema: {} }), 'schema', 'schemas'],
  ];
  for (const [call, name, meant] of unknown)
    it(`is warned of: ${name}`, () => {
      lines.length = 0;
      call();
      assert.equal(lines.length, 1);
      assert.ok(lines[0].startsWith(`warn: there is no option ${name}. Is it ${meant}`), lines[0]);
      call();
      assert.equal(lines.length, 1, 'it is warned of once');
    });

  it('is not one that is undefined', () => {
    lines.length = 0;
    new Sessions({ store: undefined, timeToLive: undefined, limits: { outbox: undefined, sessions: undefined } });
    assert.deepEqual(lines, []);
  });
});

it('origins of pages, apps and extensions can be listed', () => {
  new Sessions({
    origins: [
      'http://localhost:5173',
      'HTTPS://Example.org',
      'capacitor://localhost',
      'chrome-extension://abc',
      'null',
    ],
  });
});

describe('a server', () => {
  /** Returns the address of a server, without its scheme. */
  const listen = async (t, attached) => {
    const own = createServer().listen(0, '127.0.0.1');
    await once(own, 'listening');
    attach(own, '/room', attached);
    t.after(async () => {
      own.close();
      await attached.shutDown();
    });
    return `127.0.0.1:${own.address().port}`;
  };

  it('whose sessions nothing serves yet refuses clients with 503, and says why once', async (t) => {
    const early = new Sessions({ spread: 0 });
    const address = await listen(t, early);
    lines.length = 0;
    for (let attempt = 0; attempt < 2; attempt++) {
      const [error] = await once(new WebSocket(`ws://${address}/room`, 'undrop.1'), 'error');
      assert.equal(error.message, 'Unexpected server response: 503');
    }
    assert.deepEqual(lines, [
      'error: clients are refused with 503: nothing serves the sessions. Call sessions.serve(handler) before they come',
    ]);
    early.serve(async (session) => {
      for await (const received of session) await received.commit('late');
    });
    const client = talk(`ws://${address}/room`);
    client.send('hello');
    assert.equal(await client.next(), 'late');
    client.close();
  });

  it('without anything else for requests answers them', async (t) => {
    const address = await listen(t, new Sessions());
    const answers = await Promise.all(['/room?a', '/'].map((path) => fetch(`http://${address}${path}`)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [426, 404],
    );
    assert.equal(answers[0].headers.get('upgrade'), 'websocket');
  });

  for (const [name, authenticate, told] of [
    [
      'returns no name',
      () => '',
      /^error: authenticate returned an empty string: return the name of a user, or undefined/,
    ],
    ['throws', () => assert.fail('no'), /^error: authenticate has thrown, .*: AssertionError.*: no\n( +at .*\n?)*$/],
  ])
    it(`whose authenticate ${name} says so, without the inside of the package`, async (t) => {
      const address = await listen(
        t,
        new Sessions({ authenticate }).serve(() => {}),
      );
      lines.length = 0;
      const socket = new WebSocket(`ws://${address}/room`, 'undrop.1');
      const [code] = await once(socket, 'close');
      assert.equal(code, 1013);
      const [line] = lines;
      assert.match(line, told);
      assert.doesNotMatch(line, /wasm/);
    });
});
