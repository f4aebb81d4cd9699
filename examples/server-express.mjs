// Sessions beside an app of Express: one HTTP server has both.

import express from 'express';
import { Sessions } from 'undrop/server';
import { attach } from 'undrop/server/node';

const sessions = new Sessions({ authenticate: (handshake) => handshake.query('user') });
sessions.serve(async (session) => {
  for await (const received of session) await received.commit(`${session.user} said ${received.message}`);
});

const app = express();
app.get('/', (_, response) => response.send('hello'));
app.get('/metrics', (_, response) => response.type('text/plain').send(sessions.metrics()));

const server = app.listen(process.env.PORT ?? 8080, '127.0.0.1', () => {
  console.log(`listening on port ${server.address().port}`);
});
attach(server, '/room', sessions);

process.once('SIGTERM', async () => {
  server.close();
  await sessions.shutDown();
});
