// The room of docs/servers-in-javascript.md, whose handler throws in the middle: that member misses nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { it } from 'node:test';
import { SessionError, Sessions, setLog } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { Undrop } from '../support/client-in-node.mjs';
import { inbox, nextEvent } from './support/client.mjs';

/** How many messages are said before the handler throws, while the session has none, and after that. */
const SAID = 50;

/** A client with a session, which stays away after its handler has thrown, until it is told to reconnect. */
const connect = (url) => {
  const socket = new Undrop(url, [], { resume: true, retry: ({ code }) => (code === 1011 ? 1_000_000 : 1) });
  const { put, next } = inbox();
  const numbers = [];
  socket.onmessage = ({ data }) => put(data);
  return {
    socket,
    numbers,
    event: (name) => nextEvent(socket, name),
    async hears(text) {
      for (;;) {
        const message = await next();
        if (/^\d+$/.test(message)) numbers.push(Number(message));
        if (message === text) return;
      }
    },
  };
};

it('a member whose handler throws is sent each message of the room once, in order', async (t) => {
  setLog(() => {});
  const room = new Set();
  const sessions = new Sessions({ spread: 0 });
  const tell = (id, message) =>
    sessions.sendTo(id, message).catch((error) => {
      if (!(error instanceof SessionError)) throw error;
      room.delete(id);
    });
  const handlers = [];
  sessions.serve(async (session) => {
    handlers.push(session);
    room.add(session.id);
    for await (const received of session) {
      if (received.message === 'throw' && !session.isRestored) throw new Error('thrown by the test');
      await Promise.all([...room].map((id) => tell(id, received.message)));
      await received.commit();
    }
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  attach(server, '/', sessions);
  const clients = [];
  t.after(() => {
    for (const { socket } of clients) socket.close(1000);
    server.close();
    return sessions.shutDown();
  });
  const url = `ws://127.0.0.1:${server.address().port}/`;
  const member = connect(url);
  clients.push(member);
  member.socket.send('here');
  await member.hears('here');
  const speaker = connect(url);
  clients.push(speaker);
  const say = (from) => {
    for (let number = from; number < from + SAID; number++) speaker.socket.send(`${number}`);
    return `${from + SAID - 1}`;
  };
  let last = say(0);
  await Promise.all([member.hears(last), speaker.hears(last)]);

  const dropped = member.event('drop');
  member.socket.send('throw');
  assert.equal((await dropped).code, 1011);
  last = say(SAID);
  // All of it is said while the member's session has no handler.
  await speaker.hears(last);
  assert.equal(handlers.length, 2);
  const resumed = member.event('resume');
  member.socket.reconnect();
  await resumed;
  last = say(2 * SAID);
  await Promise.all([member.hears(last), speaker.hears(last)]);
  const all = Array.from({ length: 3 * SAID }, (_, number) => number);
  assert.deepEqual([member.numbers, speaker.numbers], [all, all]);
  assert.deepEqual(
    handlers.map(({ isRestored }) => isRestored),
    [false, false, true],
  );
  assert.equal(handlers[2].id, handlers[0].id);

  // The id of a session that is over leaves the room with the next message.
  const left = member.event('close');
  member.socket.close(1000);
  await left;
  speaker.socket.send('alone');
  await speaker.hears('alone');
  assert.deepEqual([...room], [handlers[1].id]);
});
