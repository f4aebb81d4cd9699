// ws's own tests, with clients that have a session: those pass that are not listed here, and none that is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { SessionClient } from './support/session-client.mjs';
import { loadSuite } from './support/ws-suite.mjs';

/** What differs, by row of the table in docs/servers-in-javascript.md. */
const differing = {
  close: [
    'WebSocketServer > #clients > is updated when client terminates the connection',
    'WebSocket > #send > calls the callback if the socket is forcibly closed',
  ],
  'close()': [
    // The client sends and closes, and the server answers then.
    'WebSocket > #send > can send a `TypedArray`',
    'WebSocket > #send > can send an `ArrayBuffer`',
    'WebSocket > #send > can send a `Buffer`',
    'WebSocket > #send > can send a `Blob`',
    'WebSocket > WHATWG API emulation > wraps text data in a `MessageEvent`',
    'WebSocket > permessage-deflate > #send > can send text data',
    'WebSocket > permessage-deflate > #send > can send a `TypedArray`',
    'WebSocket > permessage-deflate > #send > can send an `ArrayBuffer`',
    'WebSocket > permessage-deflate > #send > can send a `Blob`',
    'WebSocket > permessage-deflate > #send > ignores the `compress` option if the extension is disabled',
    // The server closes, and the client has sent something meanwhile.
    'createWebSocketStream > The returned stream > buffers writes if `readyState` is `CONNECTING`',
    'WebSocket > permessage-deflate > handles a close frame received while compressing data',
  ],
  'terminate()': ['WebSocket > #terminate > does nothing if `readyState` is `CLOSED`'],
  'ping()': ["WebSocket > Events > emits a 'ping' event", 'WebSocket > #ctor > options > honors the `autoPong` option'],
  'pong()': [
    "WebSocket > Events > emits a 'pong' event",
    'WebSocketServer > #ctor > options > honors the `autoPong` option',
    'WebSocket > #ping > can send a ping with no data',
    'WebSocket > #ping > can send a ping with data',
    'WebSocket > #ping > can send numbers as ping payload',
    'WebSocket > #pong > can send a pong with no data',
    'WebSocket > #pong > can send a pong with data',
    'WebSocket > #pong > can send numbers as pong payload',
    'WebSocket > #pong > is called automatically when a ping is received',
  ],
  Blob: ["WebSocket > Events > emits an 'error' event if an error occurs (2/2)"],
  extensions: ['WebSocket > Attributes > `extensions` > exposes the negotiated extensions names (2/2)'],
  WebSocket: ['WebSocketServer > #ctor > options > honors the `WebSocket` option'],
  _socket: [
    'WebSocketServer > #ctor > options > accepts the receiver limit options',
    'WebSocketServer > #ctor > options > honors the `closeTimeout` option',
    'WebSocket > #ctor > options > honors the `closeTimeout` option',
    'WebSocket > #ctor > options > honors the `generateMask` option',
    'WebSocket > Attributes > `bufferedAmount` > takes into account the data in the socket queue',
    "WebSocket > Events > emits an 'error' event if an error occurs (1/2)",
    "WebSocket > Events > emits the 'error' event only once (1/2)",
    "WebSocket > Events > emits the 'error' event only once (2/2)",
    "WebSocket > Events > does not emit 'error' after 'close'",
    'WebSocket > Events > does not re-emit `net.Socket` errors',
    'WebSocket > #pause > pauses the socket',
    'WebSocket > #resume > resumes the socket',
    'WebSocket > #send > honors the `mask` option',
    'WebSocket > #close > sends the close status code only when necessary',
    'WebSocket > #close > sets a timer for the closing handshake to complete',
    'WebSocket > permessage-deflate > consumes all received data when connection is closed (1/2)',
    'WebSocket > permessage-deflate > #send > calls the callback if the socket is closed prematurely',
    'WebSocket > permessage-deflate > #close > can be used while data is being decompressed',
    'WebSocket > permessage-deflate > #terminate > can be used while data is being decompressed',
    'WebSocket > Connection close > closes cleanly after simultaneous errors (1/2)',
    'WebSocket > Connection close > closes cleanly after simultaneous errors (2/2)',
    'WebSocket > Connection close > resumes the socket when an error occurs',
    'WebSocket > Connection close > resumes the socket when the close frame is received',
    "createWebSocketStream > The returned stream > does not suppress the throwing behavior of 'error' events",
    'createWebSocketStream > The returned stream > does not swallow errors that may occur while destroying',
    'createWebSocketStream > The returned stream > reemits errors',
  ],
};

/** What has no meaning for a client with a session, and why. */
const meaningless = {
  'the client has no connection of its own between two messages: what it reads at once differs by the frames of the session':
    [
      'createWebSocketStream > The returned stream > handles backpressure (2/3)',
      'createWebSocketStream > The returned stream > handles backpressure (3/3)',
      'WebSocket > permessage-deflate > consumes all received data when connection is closed (2/2)',
    ],
  'a client that asks for a session asks for a subprotocol': [
    'WebSocket > Connection establishing > fails if server sends a subprotocol when none was requested',
  ],
  'it compares an empty message with an object within ws': [
    'WebSocket > #send > works when the `data` argument is falsy',
  ],
};

const listed = [differing, meaningless].flatMap((lists) => Object.values(lists).flat());

/** Whether a client of `undrop/server/ws` is in a test. The others are the same with a session and without one. */
const hasClient = (body) => {
  const text = body.toString();
  return /new WebSocket\(/.test(text) && /new WebSocket(\.Server|Server)\(/.test(text);
};

const found = new Set();
loadSuite({
  Client: SessionClient,
  describe: ({ name }, body) => describe(name, body),
  it({ name, path, body, run }) {
    if (!hasClient(body)) return;
    found.add(path);
    if (!listed.includes(path)) it(name, run.length > 0 ? (_, done) => run(done) : () => run());
  },
  hooks: { after, afterEach, before, beforeEach },
});

/**
 * How long a listed test is given, in milliseconds: most of them wait for what does not come. One that would pass on a faster machine
 * is taken for one that does not.
 */
const LIMIT = 2_000;
const AT_ONCE = 8;

/** Whether a test passes within a time, in a thread of its own: what it throws later, or leaves open, ends with it. */
async function passes(path, limit) {
  const worker = new Worker(new URL('support/ws-suite-worker.mjs', import.meta.url), {
    workerData: { path },
    stdout: true,
    stderr: true,
  });
  const hasPassed = await new Promise((resolve) => {
    const timer = limit && setTimeout(resolve, limit, false);
    const end = (result) => {
      clearTimeout(timer);
      resolve(result);
    };
    worker
      .on('message', () => end(true))
      .on('error', () => end(false))
      .on('exit', () => end(false));
  });
  await worker.terminate();
  return hasPassed;
}

describe('what is listed', () => {
  it('is there, once', () => {
    assert.deepEqual(
      listed.filter((path) => !found.has(path)),
      [],
    );
    assert.equal(new Set(listed).size, listed.length);
  });

  it('does not pass', async () => {
    const waiting = [...listed];
    const passed = [];
    const work = async () => {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift())
        if (await passes(path, LIMIT)) passed.push(path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    assert.deepEqual(passed, []);
  });

  it('would be noticed if it passed', async () => {
    const unlisted = [...found].find((path) => !listed.includes(path));
    assert.equal(await passes(unlisted), true);
  });

  it('is told by a row of the table in the docs', () => {
    const [, table] = readFileSync(inRoot('docs/servers-in-javascript.md'), 'utf8').split('**What differs');
    const [rows] = table.split(/^## /m);
    const names = [...rows.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(.*?)`/g)]);
    const told = names.map(([, name]) => name);
    for (const name of Object.keys(differing)) assert.ok(told.includes(name), `${name} is in no row`);
  });
});
