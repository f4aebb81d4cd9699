// What becomes of a session whose handler throws.

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
