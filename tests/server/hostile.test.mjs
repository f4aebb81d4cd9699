// Clients that harm others, on Node. `npm run attack -- --server node` has a thousand of each kind.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, it, mock } from 'node:test';
import { Receiver, WebSocket } from 'ws';
import { Sessions } from '../../dist/server/index.js';
import { attach } from '../../dist/server/node.js';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { inbox } from './support/client.mjs';

/** What a message of one byte is on the wire. */
const FRAME = 7;

const stops = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server with sessions on `/room`. */
async function serve(options, handler) {
  // A client that can't be read is not waited for.
  const sessions = new Sessions({ origins: 'any', closeTimeout: 50, ...options }).serve(handler);
  const server = createServer();
  attach(server, '/room', sessions);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, sessions, port: server.address().port };
}

/** A client that has a session, and says what it likes. `next()` is the next message. */
async function open(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/room`, ['undrop.1'], { perMessageDeflate: false });
  stops.push(() => socket.terminate());
  const { put, next } = inbox();
  socket.on('message', (data, isBinary) => {
    const isControl = !isBinary && data.toString().startsWith('\u0010');
    if (!isControl || data.toString().startsWith('\u0010welcome ')) put(data);
  });
  await once(socket, 'open');
  socket.send('\u0010new');
  await next();
  return Object.assign(socket, { next });
}

async function closeOf(socket) {
  const [code, reason] = await once(socket, 'close');
  return [code, reason.toString()];
}

const echo = async (session) => {
  for await (const received of session) await received.commit(received.message);
};

const inboxBytes = (sessions) => Number(/^undrop_inbox_bytes\S* (\d+)$/m.exec(sessions.metrics())[1]);

/** A connection on which a WebSocket is asked for. */
function ask(port, path) {
  const stream = connect(port, '127.0.0.1');
  stops.push(() => stream.destroy());
  const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
  stream.write(`${lines.join('\r\n')}\r\n\r\n`);
  return stream;
}

async function answerTo(port, path) {
  const chunks = [];
  for await (const chunk of ask(port, path)) chunks.push(chunk);
  return Buffer.concat(chunks).toString().split('\r\n')[0];
}

describe('what clients can take', () => {
  it('is what the page says', () => {
    const { total, ...parts } = new Sessions().worstCase();
    const page = readFileSync(inRoot('docs/servers-in-javascript.md'), 'utf8');
    for (const [name, bytes] of Object.entries({ ...parts, total })) {
      const mebibytes = Math.ceil(bytes / (1 << 20)).toLocaleString('en');
      assert.match(page, new RegExp(`^\\| \`${name}\`.* \\| ${mebibytes} \\|$`, 'm'));
    }
  });
});

describe('a path on which nothing is served', () => {
  for (const path of ['/other', '//', 'http://[', '*'])
    it(`is answered with 404: ${path}`, async () => {
      const { port } = await serve({}, echo);
      assert.equal(await answerTo(port, path), 'HTTP/1.1 404 Not Found');
    });

  it('is left to whoever else listens, and a connection that is reset meanwhile ends no process', async () => {
    const { server, port } = await serve({}, echo);
    const taken = new Promise((resolve) => server.on('upgrade', (_, stream) => resolve(stream)));
    const client = ask(port, '/other');
    const stream = await taken;
    client.resetAndDestroy();
    await new Promise((resolve) => stream.once('close', resolve));
    const socket = await open(port);
    socket.send('hello');
    assert.equal((await socket.next()).toString(), 'hello');
  });
});

it('a connection that is dropped is not read to its end, while others wait', async () => {
  const messages = 20_000;
  const limits = { inbox: { messages: 16 } };
  const { server, sessions, port } = await serve({ limits }, () => new Promise(() => {}));
  const accepted = once(server, 'connection');
  const socket = await open(port);
  const [stream] = await accepted;
  const wasRead = mock.method(Receiver.prototype, '_write');
  for (let n = 0; n < messages; n++) socket.send('.');
  const isFull = () => inboxBytes(sessions) >= 16 && stream.readableLength > messages;
  while (!isFull()) await new Promise((resolve) => setImmediate(resolve));
  await once(stream.destroy(), 'close');
  wasRead.mock.restore();
  const bytes = wasRead.mock.calls.reduce((sum, { arguments: [chunk] }) => sum + chunk.length, 0);
  assert.ok(bytes > 0, 'the instrument counts nothing');
  assert.ok(bytes < messages, `${bytes} of at least ${messages * FRAME} bytes were read`);
});

describe('a message that never ends', () => {
  const limits = { messageBytes: 64 << 10, inboxesPerOwner: 100 << 10 };
  const part = Buffer.alloc(40 << 10);

  it('counts for its sender, who has no more of them than may be unfinished', async () => {
    const { port } = await serve({ limits }, echo);
    const sockets = [await open(port), await open(port), await open(port)];
    const closed = sockets.map((socket) => closeOf(socket));
    for (const socket of sockets) socket.send(part, { fin: false });
    assert.deepEqual(await Promise.race(closed), [1013, 'too much is unfinished']);
  });

  it('counts whatever comes between its fragments', async () => {
    const { port } = await serve({ limits }, echo);
    const socket = await open(port);
    const closed = closeOf(socket);
    socket.send('x', { fin: false });
    // As many as fit into the kernel's buffers and the server's: more than it may have unfinished.
    for (let count = 0; count < 2_000; count++) {
      socket.ping(Buffer.alloc(125));
      socket.send('x', { fin: false });
    }
    assert.deepEqual(await closed, [1013, 'too much is unfinished']);
  });

  it('comes to its end or is too much, though its sender has used up what may be unfinished', async () => {
    const all = { ...limits, inboxes: 200 << 10, inboxesPerOwner: 200 << 10 };
    const { port, sessions } = await serve({ limits: all }, echo);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => open(port)));
    for (const socket of sockets) socket.send(part, { fin: false });
    // A quarter is for those who have little: none of these is read any more, for as long as all have so much.
    while (inboxBytes(sessions) < 150 << 10) await new Promise(setImmediate);
    const ends = sockets.map((socket) => Promise.race([socket.next().then(({ length }) => length), closeOf(socket)]));
    for (const socket of sockets) socket.send(part.subarray(20 << 10), { fin: true });
    for (const end of await Promise.all(ends))
      if (end !== 60 << 10) assert.deepEqual(end, [1013, 'too much is unfinished']);
  });

  it('does not count any more once it has ended', async () => {
    const { port } = await serve({ limits }, echo);
    const socket = await open(port);
    for (let count = 0; count < 20; count++) {
      socket.send(part.subarray(0, 30 << 10), { fin: false });
      socket.send(part.subarray(0, 30 << 10), { fin: true });
      assert.equal((await socket.next()).length, 60 << 10);
      socket.send(`\u0010ack ${count + 1}`);
    }
  });
});

describe('a client that asks for pongs and reads none', () => {
  it('gets the last one when it reads, and no more than one waits for it', async () => {
    const accepted = [];
    const { server, port } = await serve({}, echo);
    server.on('connection', (stream) => accepted.push(stream));
    const socket = await open(port);
    let last;
    socket.on('pong', (data) => {
      last = data;
    });
    socket.pause();
    // More than the kernel holds for it.
    const ping = Buffer.alloc(125);
    for (let count = 1; count <= 200_000; count++) {
      ping.writeUInt32BE(count);
      const isWritten = new Promise((resolve) => socket.ping(Buffer.from(ping), true, resolve));
      if (count % 1_000 === 0) await isWritten;
    }
    assert.ok(accepted[0].writableLength < 1 << 10, `${accepted[0].writableLength} bytes wait`);
    socket.resume();
    while (last?.readUInt32BE() !== 200_000) await once(socket, 'pong');
    assert.equal(socket.readyState, WebSocket.OPEN);
  });
});

describe('a handler that has ended', () => {
  it('leaves no messages in its session, which the app may still have', async () => {
    let ended;
    const hasEnded = new Promise((resolve) => {
      ended = resolve;
    });
    const { port } = await serve({}, async (session) => {
      session.send('not acknowledged');
      // The client breaks the protocol.
      while (await session.next());
      assert.deepEqual(session.ending.undelivered, ['not acknowledged']);
      ended(session);
    });
    const socket = await open(port);
    socket.send('\u0010nonsense');
    const session = await hasEnded;
    await new Promise(setImmediate);
    const { cause, undelivered } = session.ending;
    assert.deepEqual([cause, undelivered], ['violation', []]);
    assert.throws(() => session.send('more'), { code: 'over' });
  });
});
