// What a message of a session costs the server, counted and not timed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { countCrossings } from './support/crossings.mjs';

const MESSAGES = 2_000;
const IN_FLIGHT = 100;
/** So many of what a client has received it acknowledges at once. */
const ACKNOWLEDGED = 32;
const ESCAPE = '\x10';

const CROSSINGS = {
  /** When a message arrives: its bytes with the memory for them, the session's task, twice each, and what wakes the handler. */
  arrival: 7,
  /** The end of the handler's turn. */
  turn: 2,
  /** The handler asks, is told that there is nothing yet, and asks again; the text and its number. */
  next: 5,
  /** The commit with its reply, which is looked at and whose text is copied, and its answer. */
  commit: 6,
  /** Whether the WebSocket is ready, and the reply. */
  sent: 2,
};
const crossings = Object.values(CROSSINGS).reduce((sum, count) => sum + count);
/** How often the clock is read, of which most is for the turns among the sessions of an owner. */
const CLOCK = 13;
/** For the acknowledgements, and for what is interrupted and has its turn later. */
const MORE = 1.2;

describe('a message of a session and its reply', () => {
  let counts;
  let server;
  let client;
  let writes = 0;

  before(async () => {
    counts = countCrossings();
    // Compiled only now, so that all of its calls are counted.
    const { Sessions } = await import('../../dist/server/index.js');
    const { attach } = await import('../../dist/server/node.js');
    const sessions = new Sessions().serve(async (session) => {
      for await (const received of session) await received.commit(received.message);
    });
    server = createServer();
    server.on('connection', (stream) => {
      for (const method of ['_write', '_writev']) {
        const write = stream[method];
        stream[method] = function (...args) {
          writes++;
          return write.apply(this, args);
        };
      }
    });
    attach(server, '/', sessions);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = await connect(server.address().port);
    await client.echo(MESSAGES, 1);
  });
  after(() => {
    client?.close();
    server?.close();
    counts.restore();
  });

  it('crosses a bounded number of times, and sets no timer', async () => {
    const found = await counts.of(() => client.echo(MESSAGES, 1));
    assert.ok(found.all > found.clock && found.clock > 0, 'the instruments count nothing');
    const without = found.all - found.clock;
    assert.ok(without <= MORE * crossings * MESSAGES, `${without / MESSAGES} crossings, without the clock`);
    assert.ok(found.clock <= MORE * CLOCK * MESSAGES, `the clock is read ${found.clock / MESSAGES} times`);
    assert.ok(found.timers <= MESSAGES / 100, `${found.timers} timers for ${MESSAGES} messages`);
  });

  it('leaves with others in one packet, also if the handler awaits each commit', async () => {
    writes = 0;
    const found = await counts.of(() => client.echo(MESSAGES, IN_FLIGHT));
    assert.ok(writes > 0, 'the instruments count no writes');
    assert.ok(writes <= MESSAGES / 4, `${writes} writes for ${MESSAGES} messages`);
    assert.ok(found.turns <= MESSAGES / 4, `${found.turns} turns of the runtime for ${MESSAGES} messages`);
  });
});

/** A client of the protocol, without undrop. */
async function connect(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, ['undrop.1']);
  await once(socket, 'open');
  socket.send(`${ESCAPE}new`);
  await once(socket, 'message');
  let received = 0;
  let arrived = () => {};
  socket.on('message', (data) => {
    if (String(data).startsWith(ESCAPE)) return;
    if (++received % ACKNOWLEDGED === 0) socket.send(`${ESCAPE}ack ${received}`);
    arrived();
  });
  return {
    /** Sends so many messages, each so many at once, and waits for their replies. */
    async echo(messages, atOnce) {
      for (let sent = 0; sent < messages; sent += atOnce) {
        const goal = received + atOnce;
        for (let n = 0; n < atOnce; n++) socket.send('.'.repeat(100));
        await new Promise((resolve) => {
          arrived = () => received === goal && resolve();
        });
      }
    },
    close: () => socket.terminate(),
  };
}
