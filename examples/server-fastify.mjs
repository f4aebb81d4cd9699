// Sessions beside an app of Fastify: one HTTP server has both.

import fastify from 'fastify';
import { Sessions } from 'undrop/server';
import { attach } from 'undrop/server/node';

const sessions = new Sessions({ authenticate: (handshake) => handshake.query('user') });
sessions.serve(async (session) => {
  for await (const received of session) await received.commit(`${session.user} said ${received.message}`);
});

const app = fastify();
app.get('/', () => 'hello');
app.get('/metrics', (_, reply) => reply.type('text/plain').send(sessions.metrics()));
attach(app.server, '/room', sessions);

await app.listen({ port: process.env.PORT ?? 8080, host: '127.0.0.1' });
console.log(`listening on port ${app.server.address().port}`);

process.once('SIGTERM', async () => {
  await Promise.all([sessions.shutDown(), app.close()]);
});
