// `undrop/server/ws`: what was written for ws keeps its state while connections drop, without a change but the import.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { WebSocket as PlainClient } from 'ws';
import { createWebSocketStream, WebSocket, WebSocketServer } from '../../dist/server/ws.js';
import { talk } from './support/client.mjs';
import { startCutter } from './support/cutter.mjs';

const stops = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server, and a proxy in front of it. */
async function serve({ sessions, ...options } = {}, connected = () => {}) {
  // Clients come back at once.
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options, sessions: { spread: 0, ...sessions } });
  server.on('connection', connected);
  await once(server, 'listening');
  const cutter = await startCutter(server.address().port);
  stops.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => cutter.stop(),
  );
  return { server, cutter };
}

function client(...args) {
  const one = talk(...args);
  stops.push(() => one.close());
  return one;
}

const echo = (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));

describe('a socket with a session', () => {
  it('lives on while its connection drops, and what was sent meanwhile arrives once and in order', async () => {
    const events = [];
    const { server, cutter } = await serve({}, (socket, request) => {
      events.push(`connection ${request.url}`);
      socket.on('close', () => events.push('close'));
      echo(socket);
    });
    const { next, send, event } = client(`${cutter.url}/room?a=1`);
    send('0');
    assert.equal(await next(), '0');
    for (let round = 1; round <= 20; round++) {
      const resumed = event('resume');
      assert.equal(cutter.cut(), 1);
      send(`${round} a`);
      await resumed;
      send(`${round} b`);
      assert.deepEqual([await next(), await next()], [`${round} a`, `${round} b`]);
    }
    assert.deepEqual(events, ['connection /room?a=1']);
    assert.equal(server.clients.size, 1);
  });

  it('gives text and bytes as ws does, in the binaryType that is set', async () => {
    let socket;
    const got = [];
    const { cutter } = await serve({}, (opened) => {
      socket = opened;
      socket.on('message', (data, isBinary) => {
        got.push([data, isBinary]);
        socket.send('next');
      });
    });
    const { next, send } = client(cutter.url);
    send('é');
    await next();
    for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'nonsense']) {
      socket.binaryType = type;
      send(Uint8Array.of(1, 2));
      await next();
    }
    const bytes = Buffer.from([1, 2]);
    assert.deepEqual(got, [
      [Buffer.from('é'), false],
      [bytes, true],
      [Uint8Array.from(bytes).buffer, true],
      [[bytes], true],
      [[bytes], true],
    ]);
  });

  it('sends what ws sends: texts, numbers, bytes of each kind, text as bytes and back, and parts', async () => {
    const { cutter } = await serve({}, (socket) => {
      for (const data of [
        'text',
        '',
        7,
        Buffer.from([1]),
        Uint8Array.of(2).buffer,
        new DataView(Uint8Array.of(3).buffer),
      ])
        socket.send(data);
      socket.send(Buffer.from('bytes'), { binary: false });
      socket.send('text', { binary: true });
      socket.send('in ', { fin: false });
      socket.send('parts', { fin: true });
    });
    const { next, socket } = client(cutter.url);
    socket.binaryType = 'arraybuffer';
    const got = [];
    for (let count = 0; count < 9; count++) got.push(await next());
    const shown = got.map((data) => (typeof data === 'string' ? data : [...new Uint8Array(data)]));
    assert.deepEqual(shown, ['text', '', '7', [1], [2], [3], 'bytes', [...Buffer.from('text')], 'in parts']);
  });

  it('is a WebSocket of ws, with its constants, attributes, handlers and listeners', async () => {
    const seen = [];
    const { cutter } = await serve({}, (socket) => {
      assert.ok(socket instanceof WebSocket);
      assert.deepEqual([socket.readyState, socket.OPEN, socket.protocol], [1, 1, 'chat']);
      socket.onmessage = ({ data, target, type }) => seen.push([data, target === socket, type]);
      socket.addEventListener('message', { handleEvent: ({ data }) => socket.send(`${data}!`) }, { once: true });
      assert.equal(typeof socket.onmessage, 'function');
      assert.equal(socket.onclose, null);
    });
    const { next, send, socket } = client(cutter.url, ['chat', 'other']);
    send('hello');
    assert.equal(await next(), 'hello!');
    assert.deepEqual(seen, [['hello', true, 'message']]);
    assert.equal(socket.protocol, 'chat');
  });

  it('has the subprotocol that handleProtocols chooses, and is plain if it chooses none', async () => {
    const offered = [];
    const handleProtocols = (protocols) => {
      offered.push([...protocols]);
      return protocols.has('b') && 'b';
    };
    const { cutter } = await serve({ handleProtocols }, (socket) => socket.send(`has ${socket.protocol}`));
    const { next } = client(cutter.url, ['a', 'b']);
    assert.equal(await next(), 'has b');
    assert.deepEqual(offered, [['a', 'b']]);
  });

  it('is closed by the server with a code, once what was sent before has arrived', async () => {
    for (const code of [4321, 1001, 1008, 1011]) {
      const closed = [];
      const { server, cutter } = await serve({}, (socket) => {
        socket.on('close', (code, reason) => closed.push([code, String(reason), socket.readyState]));
        socket.send('last');
        socket.close(code, 'enough');
        assert.equal(socket.readyState, WebSocket.CLOSING);
        socket.send('too late', (error) => closed.push(error.message));
      });
      const { next, event } = client(cutter.url);
      const ended = event('close');
      assert.equal(await next(), 'last');
      const told = await ended;
      assert.deepEqual([told.code, told.reason], [code, 'enough']);
      assert.deepEqual(closed, ['WebSocket is not open: readyState 2 (CLOSING)', [code, 'enough', 3]]);
      assert.equal(server.clients.size, 0);
    }
  });

  it("closes when the client ends the session, and not before, with the client's code and reason", async () => {
    let closed;
    const { cutter } = await serve({}, (socket) => {
      closed = once(socket, 'close');
      echo(socket);
    });
    const { next, send, socket, event } = client(cutter.url);
    send('here');
    await next();
    const resumed = event('resume');
    cutter.cut();
    await resumed;
    socket.close(3001, 'done');
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [3001, 'done']);
  });

  it('closes with 1005 when the client ends the session and says no code', async () => {
    let closed;
    const { cutter } = await serve({}, (socket) => {
      closed = once(socket, 'close');
    });
    const { socket, event } = client(cutter.url);
    await event('open');
    socket.close();
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1005, '']);
  });

  it('has as bufferedAmount what was sent and the client has not acknowledged', async () => {
    const amounts = [];
    const { server, cutter } = await serve({}, (socket) =>
      socket.on('message', () => {
        socket.send('é');
        amounts.push(socket.bufferedAmount);
        socket.send(new Uint8Array(10));
        amounts.push(socket.bufferedAmount);
      }),
    );
    const { next, send, event } = client(cutter.url);
    send('here');
    assert.deepEqual([await next(), (await next()).size, amounts], ['é', 10, [2, 12]]);
    const [socket] = server.clients;
    await socket.session.deliver('all before it has arrived');
    assert.equal(socket.bufferedAmount, 0);
    cutter.down();
    socket.send('12345');
    assert.equal(socket.bufferedAmount, 5);
    const resumed = event('resume');
    cutter.down(false);
    await resumed;
    await socket.session.deliver('all before it has arrived');
    assert.equal(socket.bufferedAmount, 0);
  });

  it('sends what a listener has sent before it closes, and a close frame without a code', async () => {
    const { cutter } = await serve({}, (socket) =>
      socket.on('message', (data) => {
        socket.send(`${data}!`);
        socket.close();
      }),
    );
    const { next, send, event } = client(cutter.url);
    const ended = event('close');
    send('last');
    assert.equal(await next(), 'last!');
    assert.equal((await ended).code, 1005);
  });

  it('closes when its client does not come back', async () => {
    const { cutter, server } = await serve({ sessions: { timeToLive: 100 } }, echo);
    const { next, send } = client(cutter.url);
    send('here');
    await next();
    const [socket] = server.clients;
    const closed = once(socket, 'close');
    cutter.down();
    assert.deepEqual((await closed)[0], 1006);
  });

  it('is ended at once by terminate()', async () => {
    const { server, cutter } = await serve({}, echo);
    const { next, send, event } = client(cutter.url);
    send('here');
    await next();
    const [socket] = server.clients;
    const [closed, ended] = [once(socket, 'close'), event('close')];
    socket.terminate();
    assert.equal((await closed)[0], 1006);
    await ended;
    assert.equal(server.clients.size, 0);
  });

  it('answers ping() while there is no connection, so that nobody terminates it', async () => {
    const { server, cutter } = await serve({}, echo);
    const { next, send, event } = client(cutter.url);
    send('here');
    await next();
    cutter.down();
    const [socket] = server.clients;
    const pong = once(socket, 'pong');
    socket.ping('are you there');
    assert.equal(String((await pong)[0]), 'are you there');
    const resumed = event('resume');
    cutter.down(false);
    await resumed;
  });

  it('takes nothing while it is paused', async () => {
    const got = [];
    const { server, cutter } = await serve({}, (socket) => socket.on('message', (data) => got.push(String(data))));
    const { socket, event } = client(cutter.url);
    await event('open');
    const [accepted] = server.clients;
    accepted.pause();
    assert.equal(accepted.isPaused, true);
    // Acknowledged is what the store has, whether the app takes it or not.
    await socket.deliver('waits');
    assert.deepEqual(got, []);
    const message = once(accepted, 'message');
    accepted.resume();
    await message;
    assert.deepEqual(got, ['waits']);
  });

  it('is a stream by createWebSocketStream', async () => {
    const { cutter } = await serve({}, (socket) => {
      const stream = createWebSocketStream(socket, { encoding: 'utf8' });
      stream.on('data', (data) => stream.end(`${data}!`));
    });
    const { next, send, event } = client(cutter.url);
    const ended = event('close');
    send('hello');
    const bytes = await next();
    assert.equal(Buffer.from(bytes.arrayBuffer ? await bytes.arrayBuffer() : bytes).toString(), 'hello!');
    await ended;
  });

  it('sends what its listeners send at once in the step that commits the message', async () => {
    // A server whose listener does not commit would be sent the message again after it has thrown.
    const { server, cutter } = await serve({}, (socket) =>
      socket.on('message', (data) => {
        for (const part of ['a', 'b']) socket.send(`${data} ${part}`);
        setImmediate(() => socket.send(`${data} later`));
      }),
    );
    const { next, send } = client(cutter.url);
    send('one');
    assert.deepEqual([await next(), await next(), await next()], ['one a', 'one b', 'one later']);
    const [{ session }] = server.clients;
    assert.equal(session.sent, 3);
    assert.match(server.sessions.metrics(), /^undrop_inbox_bytes\{.*\} 0$/m);
  });
});

describe('the server', () => {
  it('gives clients without undrop sockets of ws, which close with their connection', async () => {
    const closed = [];
    const { cutter, server } = await serve({}, (socket) => {
      socket.on('close', (code) => closed.push(code));
      echo(socket);
    });
    const plain = new PlainClient(cutter.url, ['chat']);
    await once(plain, 'open');
    assert.equal(plain.protocol, 'chat');
    plain.send('as before');
    assert.equal(String((await once(plain, 'message'))[0]), 'as before');
    const [socket] = server.clients;
    const gone = once(socket, 'close');
    plain.on('error', () => {});
    cutter.cut();
    await gone;
    assert.deepEqual([closed, server.clients.size], [[1006], 0]);
  });

  it('asks verifyClient, and takes all origins unless it is told otherwise', async () => {
    const { cutter } = await serve({ verifyClient: ({ origin }) => origin !== 'http://evil.example' }, echo);
    const answer = (origin, protocols) =>
      new Promise((resolve) => {
        const plain = new PlainClient(cutter.url, protocols, { origin });
        plain.on('open', () => resolve('open')).on('error', ({ message }) => resolve(message));
        stops.push(() => plain.terminate());
      });
    for (const protocols of [[], ['undrop.1']]) {
      assert.equal(await answer('http://any.example', protocols), 'open');
      assert.equal(await answer('http://evil.example', protocols), 'Unexpected server response: 401');
    }
    const { cutter: strict } = await serve({ sessions: { origins: ['http://good.example'] } }, echo);
    for (const protocols of [[], ['undrop.1']]) {
      const refused = new PlainClient(strict.url, protocols, { origin: 'http://any.example' });
      const [error] = await once(refused, 'error');
      assert.equal(error.message, 'Unexpected server response: 403');
    }
  });

  it('goes with an HTTP server and a path, and without one', async () => {
    const http = createServer();
    const server = new WebSocketServer({ server: http, path: '/room' });
    const other = new WebSocketServer({ noServer: true });
    server.on('connection', (socket) => socket.send('in the room'));
    http.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${http.address().port}`;
    const inRoom = client(`${url}/room`);
    assert.equal(await inRoom.next(), 'in the room');
    server.close();
    http.on('upgrade', (request, stream, head) =>
      other.handleUpgrade(request, stream, head, (socket) => socket.send(`upgraded ${request.url}`)),
    );
    const elsewhere = client(`${url}/elsewhere`);
    assert.equal(await elsewhere.next(), 'upgraded /elsewhere');
    const closed = new Promise((resolve) => other.close(resolve));
    inRoom.close();
    elsewhere.close();
    await closed;
    http.close();
  });

  it('is closed when its clients are, and ends the sessions that can not come back', async () => {
    const { server, cutter } = await serve({}, echo);
    const { next, send } = client(cutter.url);
    send('here');
    await next();
    const [socket] = server.clients;
    const [closed, gone] = [new Promise((resolve) => server.close(resolve)), once(socket, 'close')];
    cutter.cut();
    assert.equal((await gone)[0], 1006);
    assert.equal(await closed, undefined);
    assert.equal(server.clients.size, 0);
  });

  it('has the options and the metrics of sessions', async () => {
    const authenticate = (handshake) => handshake.query('user');
    const { server, cutter } = await serve({ sessions: { authenticate } }, (socket) =>
      socket.send(`hello ${socket.session.user}`),
    );
    const { next } = client(`${cutter.url}/?user=ann`);
    assert.equal(await next(), 'hello ann');
    const [id] = await server.sessions.of('ann');
    await server.sessions.sendTo(id, 'from elsewhere');
    assert.equal(await next(), 'from elsewhere');
    assert.match(server.sessions.metrics(), /^undrop_sessions_opened_total\{.*\} 1$/m);
  });

  it('ends a session whose client does not acknowledge what is sent', async () => {
    const { server, cutter } = await serve({ sessions: { limits: { outbox: { messages: 10 } } } }, echo);
    const { next, send, event } = client(cutter.url);
    send('here');
    await next();
    cutter.down();
    const [socket] = server.clients;
    const failed = [];
    for (let count = 0; count < 12; count++) socket.send('more', (error) => failed.push(error?.code));
    assert.equal(socket.readyState, WebSocket.OPEN);
    const closed = once(socket, 'close');
    socket.send('and more');
    assert.equal((await closed)[0], 1013);
    assert.deepEqual(failed.slice(-2), ['full', 'full']);
    // It is told, and begins anew.
    const anew = event('open');
    cutter.down(false);
    await anew;
    assert.equal(server.clients.size, 1);
  });
});
