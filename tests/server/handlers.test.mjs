// What a handler has of its session, and what becomes of the session when it throws.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { it } from 'node:test';
import { Sessions, setLog } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { talk } from './support/client.mjs';

it('an error about another session that is over fails the handler, and its session goes on', async () => {
  const logged = [];
  setLog((level, line) => {
    if (level === 'error') logged.push(line);
  });
  let gone;
  let over;
  const isGone = new Promise((resolve) => {
    over = resolve;
  });
  const sessions = new Sessions({ spread: 0 }).serve(async (session) => {
    if (session.handshake.query('first') === 'yes') {
      for await (const received of session) await received.commit(received.message);
      gone = session;
      over();
      return;
    }
    for await (const received of session) {
      if (!session.isRestored) gone.send('hello');
      await received.commit(received.message);
    }
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  attach(server, '/', sessions);
  const url = `ws://127.0.0.1:${server.address().port}/`;
  const first = talk(`${url}?first=yes`);
  first.send('one');
  assert.equal(await first.next(), 'one');
  first.close();
  await isGone;
  const second = talk(url);
  const dropped = second.event('drop');
  second.send('two');
  assert.equal((await dropped).code, 1011);
  assert.equal(await second.next(), 'two');
  assert.match(logged.join(), /^the handler of session \w{32} has thrown: SessionError: /);
  second.close();
  server.close();
  await sessions.shutDown();
});

it('a handler that throws is logged in one line of a warning or an error, which says what it has thrown', async () => {
  const logged = [];
  setLog((level, line) => {
    if (level !== 'info') logged.push(`${level}: ${line}`);
  });
  const sessions = new Sessions().serve(async (session) => {
    const received = await session.next();
    await received.commit();
    if (received.message === 'error') throw new RangeError('on purpose');
    throw Object.create(null);
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  attach(server, '/', sessions);
  for (const message of ['error', 'no text']) {
    const client = talk(`ws://127.0.0.1:${server.address().port}/`);
    client.send(message);
    assert.equal((await client.event('drop')).code, 1011);
    client.close();
  }
  server.close();
  await sessions.shutDown();
  assert.equal(logged.length, 2, logged.join('\n'));
  assert.match(logged[0], /^error: the handler of session \w{32} has thrown: RangeError: on purpose\n +at /);
  assert.match(logged[1], /^error: the handler of session \w{32} has thrown: a value that has no text$/);
});

it('calls of next that wait at the same time are given the messages in their order', async () => {
  let given;
  const isGiven = new Promise((resolve) => {
    given = resolve;
  });
  const sessions = new Sessions().serve(async (session) => {
    given(await Promise.all([session.next(), session.next(), session.next(), session.next()]));
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  attach(server, '/', sessions);
  const client = talk(`ws://127.0.0.1:${server.address().port}/`);
  await client.event('open');
  for (const text of ['one', 'two', 'three']) client.send(text);
  client.close();
  assert.deepEqual(
    (await isGiven).map((received) => received?.message),
    ['one', 'two', 'three', undefined],
  );
  server.close();
  await sessions.shutDown();
});

it('a handler that returns while something waits for the next message is warned of', async () => {
  const logged = [];
  setLog((level, line) => {
    if (level === 'warn') logged.push(line);
  });
  const sessions = new Sessions().serve(async (session) => {
    if (session.handshake.query('awaits') === 'yes') return session.close();
    session.next();
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  attach(server, '/', sessions);
  for (const query of ['?awaits=yes', '']) {
    const client = talk(`ws://127.0.0.1:${server.address().port}/${query}`);
    await client.event('close');
  }
  assert.equal(logged.length, 1);
  assert.match(logged[0], /^the handler of session \w{32} has returned, .* an await or a return is missing$/);
  server.close();
  await sessions.shutDown();
});
