// ws's own tests, in vendor/ws, with the server of `undrop/server/ws` in place of that of ws.

import { createRequire, Module } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { createWebSocketStream, WebSocketServer } from '../../../dist/server/ws.js';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../vendor/ws/', import.meta.url));

/** The files of tests. */
const FILES = ['websocket-server', 'create-websocket-stream', 'websocket'];

/** ws, with this server, and with this class for its clients. */
function withServer(Client) {
  const ws = require('ws');
  const given = { WebSocketServer, Server: WebSocketServer, createWebSocketStream };
  const get = (target, key) => given[key] ?? Reflect.get(target, key);
  return new Proxy(ws, { get, construct: (_, args) => new Client(...args) });
}

/**
 * Has the tests register with what stands for `describe`, `it` and the hooks of mocha.
 */
export function loadSuite({ describe, it, hooks, Client = require('ws') }) {
  const api = withServer(Client);
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    if (!parent?.filename?.startsWith(folder)) return load.call(this, request, parent, isMain);
    if (request === '..') return api;
    if (request === '../lib/websocket-server') return WebSocketServer;
    if (request === '../lib/stream') return createWebSocketStream;
    if (!request.startsWith('../lib/')) return load.call(this, request, parent, isMain);
    return load.call(this, require.resolve('ws').replace(/index\.js$/, `lib/${basename(request)}`), parent, isMain);
  };
  // A test without mocha's limit of time has none here either, and what the others skip is run.
  const ofMocha = { timeout: () => ofMocha };
  const within = [];
  const suite = (name, body) => {
    within.push(name);
    describe({ name, path: within.join(' > ') }, body);
    within.pop();
  };
  const test = (name, body) => {
    const run = body.length > 0 ? (done) => body.call(ofMocha, done) : () => body.call(ofMocha);
    it({ name, path: [...within, name].join(' > '), body, run });
    return ofMocha;
  };
  test.skip = () => ofMocha;
  Object.assign(globalThis, { ...hooks, describe: suite, it: test });
  // They read their certificates from where they are run. A worker is there already.
  if (isMainThread) process.chdir(folder);
  for (const file of FILES) require(`${folder}test/${file}.test.js`);
}
