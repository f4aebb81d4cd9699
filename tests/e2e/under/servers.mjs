// The servers of the libraries of docs/under-other-libraries.md, each on a port of its own. To each subscription they say
// which one it is: `hello 1`, `hello 2`.

import { createServer } from 'node:http';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { docs, setupWSConnection } from '@y/websocket-server/utils';
import { Aedes } from 'aedes';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createWebSocketStream, WebSocketServer } from 'ws';

/** By the path in the page's URLs: makes a server speak a library's protocol. */
const protocols = {
  graphql(sockets) {
    const news = greetings((text) => ({ news: text }));
    const schema = buildSchema('type Query { none: String } type Subscription { news: String }');
    useServer({ schema, roots: { subscription: { news } } }, sockets);
  },
  yjs(sockets) {
    sockets.on('connection', setupWSConnection);
  },
  trpc(wss) {
    const { procedure, router } = initTRPC.create();
    const greet = greetings((text) => text);
    const news = procedure.subscription(({ signal }) => greet(signal));
    applyWSSHandler({ wss, router: router({ news }) });
  },
  news(sockets) {
    let count = 0;
    sockets.on('connection', (socket) => {
      socket.send(JSON.stringify(`hello ${++count}`));
      socket.on('message', (data) => String(data) === 'ping' && socket.send('pong'));
    });
  },
  async mqtt(sockets) {
    const broker = await Aedes.createBroker();
    let count = 0;
    broker.on('subscribe', () => broker.publish({ topic: 'news', payload: `hello ${++count}` }));
    sockets.on('connection', (socket, request) => {
      const stream = createWebSocketStream(socket);
      // It fails with each connection that is cut.
      stream.on('error', () => {});
      broker.handle(stream, request);
    });
    return () => new Promise((resolve) => broker.close(resolve));
  },
};

/** A subscription that says its number, and then nothing more. */
function greetings(map) {
  let count = 0;
  return async function* greet(signal) {
    yield map(`hello ${++count}`);
    await new Promise((resolve) => signal?.addEventListener?.('abort', resolve));
  };
}

/** Starts the server of a library. */
export async function startServer(name) {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const end = await protocols[name](sockets);
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${http.address().port}`,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      await end?.();
      sockets.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

export const names = Object.keys(protocols);

/** Ends what the server of Yjs never ends: its documents, each of which has a timer. */
export const forgetDocuments = () => {
  for (const document of docs.values()) document.destroy();
};
