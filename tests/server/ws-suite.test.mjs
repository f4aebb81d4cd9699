// ws's own tests, in vendor/ws, with the server of `undrop/server/ws` in place of that of ws.

import { createRequire, Module } from 'node:module';
import { basename } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createWebSocketStream, WebSocketServer } from '../../dist/server/ws.js';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('vendor/ws/', import.meta.url));

/** What is of no meaning here, and why. */
const left = {
  'is exposed as a property of the `WebSocket` class': 'it compares the file of ws with itself',
};

const ws = require('ws');
const given = { WebSocketServer, Server: WebSocketServer, createWebSocketStream };
const api = new Proxy(ws, { get: (target, key) => given[key] ?? Reflect.get(target, key) });

const load = Module._load;
Module._load = function (request, parent, isMain) {
  if (!parent?.filename?.startsWith(folder)) return load.call(this, request, parent, isMain);
  if (request === '..') return api;
  if (request === '../lib/websocket-server') return WebSocketServer;
  if (!request.startsWith('../lib/')) return load.call(this, request, parent, isMain);
  return load.call(this, require.resolve('ws').replace(/index\.js$/, `lib/${basename(request)}`), parent, isMain);
};

// The words of mocha, in which the tests are written.
const ofMocha = { timeout: () => ofMocha };
const test = (name, run) => {
  if (name in left) return ofMocha;
  it(name, run.length > 0 ? (_, done) => run.call(ofMocha, done) : () => run.call(ofMocha));
  return ofMocha;
};
test.skip = () => ofMocha;
Object.assign(globalThis, { after, afterEach, before, beforeEach, describe, it: test });

// They read their certificates from where they are run.
process.chdir(folder);
for (const file of ['websocket-server', 'create-websocket-stream', 'websocket'])
  require(`${folder}test/${file}.test.js`);
