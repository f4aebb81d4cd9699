// Sessions beside an app of Hono on Node: one HTTP server has both.

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Sessions } from 'undrop/server';
import { attach } from 'undrop/server/node';

const sessions = new Sessions({ authenticate: (handshake) => handshake.query('user') });
sessions.serve(async (session) => {
  for await (const received of session) await received.commit(`${session.user} said ${received.message}`);
});

const app = new Hono();
app.get('/', (context) => context.text('hello'));
app.get('/metrics', (context) => context.text(sessions.metrics()));

const options = { fetch: app.fetch, port: Number(process.env.PORT ?? 8080), hostname: '127.0.0.1' };
const server = serve(options, ({ port }) => console.log(`listening on port ${port}`));
attach(server, '/room', sessions);

process.once('SIGTERM', async () => {
  server.close();
  await sessions.shutDown();
});
