// Servers of other libraries over `undrop/server/ws` in place of ws, with their own clients over a socket with a session: the
// libraries on neither end notice that the connection drops.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, it } from 'node:test';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { createTRPCUntypedClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { docs, setupWSConnection } from '@y/websocket-server/utils';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { WebSocketServer } from '../../dist/server/ws.js';
import { Undrop } from '../support/client-in-node.mjs';
import { inbox, nextEvent, talk } from './support/client.mjs';
import { startCutter } from './support/cutter.mjs';

const CUTS = 5;

const stops = [];
/** What the server of the test has seen of its sockets so far. */
let counted;
afterEach(async () => {
  const seen = counted();
  for (const stop of stops.splice(0).reverse()) await stop();
  assert.deepEqual(seen, { connections: 1, closes: 0 }, 'as far as the library knows, no connection has dropped');
});

function serve(speak) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', sessions: { spread: 0 } });
  speak(server);
  return watch(server);
}

/** Puts a proxy in front of a server, and counts what the server sees of its sockets. */
async function watch(server) {
  const counts = { connections: 0, closes: 0 };
  counted = () => ({ ...counts });
  server.on('connection', (socket) => {
    counts.connections++;
    socket.on('close', () => counts.closes++);
  });
  await once(server, 'listening');
  const cutter = await startCutter(server.address().port);
  stops.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => cutter.stop(),
  );
  return cutter;
}

/** The class that a library makes its sockets of, and the last that it has made. */
function recording() {
  const made = {};
  const Recorded = class extends Undrop.with({ lifetime: 'session', retry: { first: 1, cap: 1 } }) {
    constructor(...args) {
      super(...args);
      made.socket = this;
    }
  };
  return { Recorded, made };
}

/** Cuts the connection, and waits until it is back. */
async function cut(cutter, { socket }) {
  const resumed = nextEvent(socket, 'resume');
  assert.equal(cutter.cut(), 1);
  return resumed;
}

/** A source of numbers that says one whenever it is told to. */
function numbers() {
  let wake;
  const queue = [];
  return {
    say(number) {
      queue.push(number);
      wake?.();
    },
    async *listen(signal) {
      for (;;) {
        while (queue.length > 0) yield queue.shift();
        await new Promise((resolve) => {
          wake = resolve;
          signal?.addEventListener('abort', resolve);
        });
        if (signal?.aborted) return;
      }
    },
  };
}

it("graphql-ws's useServer keeps its subscriptions", async () => {
  const source = numbers();
  let subscribed = 0;
  const schema = buildSchema('type Query { none: Int } type Subscription { number: Int }');
  const number = async function* () {
    subscribed++;
    for await (const one of source.listen()) yield { number: one };
  };
  const cutter = await serve((server) => useServer({ schema, roots: { subscription: { number } } }, server));
  const { Recorded, made } = recording();
  const client = createClient({ url: cutter.url, webSocketImpl: Recorded, retryAttempts: 0 });
  stops.push(() => client.dispose());
  const { put, next } = inbox();
  client.subscribe(
    { query: 'subscription { number }' },
    { next: ({ data }) => put(data.number), error: put, complete: () => put('complete') },
  );
  source.say(0);
  assert.equal(await next(), 0);
  for (let count = 1; count <= CUTS; count++) {
    const back = cut(cutter, made);
    source.say(count);
    await back;
    assert.equal(await next(), count);
  }
  assert.equal(subscribed, 1);
});

it("tRPC's applyWSSHandler keeps its subscriptions, and answers once", async () => {
  const source = numbers();
  const calls = { subscribed: 0, called: 0 };
  const { procedure, router } = initTRPC.create();
  const app = router({
    numbers: procedure.subscription(({ signal }) => {
      calls.subscribed++;
      return source.listen(signal);
    }),
    ring: procedure.mutation(() => ++calls.called),
  });
  const cutter = await serve((wss) => applyWSSHandler({ wss, router: app }));
  const { Recorded, made } = recording();
  const wsClient = createWSClient({ url: cutter.url, WebSocket: Recorded });
  stops.push(() => wsClient.close());
  const client = createTRPCUntypedClient({ links: [wsLink({ client: wsClient })] });
  const { put, next } = inbox();
  client.subscription('numbers', undefined, { onData: put, onError: put });
  source.say(0);
  assert.equal(await next(), 0);
  for (let count = 1; count <= CUTS; count++) {
    const back = cut(cutter, made);
    const called = client.mutation('ring');
    source.say(count);
    await back;
    assert.equal(await next(), count);
    assert.equal(await called, count);
  }
  assert.deepEqual(calls, { subscribed: 1, called: CUTS });
});

const lines = (doc) => doc.getArray('lines');

/** Waits until a document has so many lines. */
const has = (doc, count) =>
  new Promise((resolve) => {
    const look = () => lines(doc).length >= count && resolve();
    doc.on('update', look);
    look();
  });

/** Has both ends write while the connection is cut, again and again. */
async function writeThroughCuts(cutter, made, { mine, theirs }) {
  for (let count = 1; count <= CUTS; count++) {
    const back = cut(cutter, made);
    lines(mine).push([`mine ${count}`]);
    lines(theirs).push([`theirs ${count}`]);
    await back;
    await Promise.all([has(theirs, 2 * count), has(mine, 2 * count)]);
    assert.deepEqual(lines(mine).toArray(), lines(theirs).toArray());
  }
}

it('the utilities of y-websocket keep a document and who is there', async () => {
  const cutter = await serve((server) => server.on('connection', setupWSConnection));
  const { Recorded, made } = recording();
  const mine = new Y.Doc();
  const provider = new WebsocketProvider(cutter.url, 'page', mine, { WebSocketPolyfill: Recorded, disableBc: true });
  stops.push(
    () => docs.clear(),
    () => {
      provider.destroy();
      // Who is there is looked at by a timer for each document.
      mine.destroy();
      for (const doc of docs.values()) doc.awareness.destroy();
    },
  );
  await new Promise((resolve) => provider.once('sync', resolve));
  provider.awareness.setLocalState({ name: 'ann' });
  const theirs = docs.get('page');
  await writeThroughCuts(cutter, made, { mine, theirs });
  const states = [...theirs.awareness.getStates().values()];
  assert.deepEqual(states, [{ name: 'ann' }]);
});

it('hocuspocus keeps a document, who is there, and its connection', async () => {
  process.env.PORT = '0';
  const { hocuspocus, server } = await import('../../examples/server-hocuspocus.mjs');
  const cutter = await watch(server);
  const { Recorded, made } = recording();
  const mine = new Y.Doc();
  const websocketProvider = new HocuspocusProviderWebsocket({ url: cutter.url, WebSocketPolyfill: Recorded });
  const provider = new HocuspocusProvider({ websocketProvider, name: 'page', document: mine });
  stops.push(
    () => mine.destroy(),
    () => websocketProvider.destroy(),
    () => provider.destroy(),
  );
  const synced = new Promise((resolve) => provider.on('synced', resolve));
  provider.attach();
  await synced;
  provider.setAwarenessField('name', 'ann');
  const theirs = hocuspocus.documents.get('page');
  await writeThroughCuts(cutter, made, { mine, theirs });
  assert.deepEqual([...theirs.awareness.getStates().values()], [{ name: 'ann' }]);
  assert.equal(theirs.getConnectionsCount(), 1);
});

it('a chat keeps who is who', async () => {
  const cutter = await serve((server) =>
    server.on('connection', (socket, request) => {
      const name = new URL(request.url, 'http://chat').searchParams.get('name');
      let lines = 0;
      socket.on('message', (text) => {
        lines++;
        for (const client of server.clients) client.send(`${name}, line ${lines}: ${text}`);
      });
    }),
  );
  const made = talk(`${cutter.url}/?name=ann`);
  stops.push(() => made.close());
  await made.event('open');
  for (let count = 1; count <= CUTS; count++) {
    const back = cut(cutter, made);
    made.send('hello');
    await back;
    assert.equal(await made.next(), `ann, line ${count}: hello`);
  }
});
