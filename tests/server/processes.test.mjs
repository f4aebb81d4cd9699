// What becomes of a process: of one whose listener throws, and of one that shuts down.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, it } from 'node:test';
import { talk } from './support/client.mjs';

const stops = [];
afterEach(() => {
  for (const stop of stops.splice(0).reverse()) stop();
});

/** A process that runs this. `line()` is the next line that it prints; undefined at its end. */
function start(script) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stops.push(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

it('a message whose listener throws is committed before that ends the process, so that it ends no other', async () => {
  const { child, line } = start(`
    import { WebSocketServer } from '../../dist/server/ws.js';
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log(server.address().port));
    const inbox = () => /^undrop_inbox_bytes.* (\\d+)$/m.exec(server.sessions.metrics())[1];
    server.on('connection', (socket) => socket.on('message', (data) => {
      socket.send('before');
      console.log(inbox() > 0 ? 'received' : 'not counted');
      JSON.parse(String(data));
    }));
    process.on('uncaughtException', (error) => {
      console.log(error.name, inbox());
      process.exit(1);
    });
  `);
  const client = talk(`ws://127.0.0.1:${await line()}/`);
  stops.push(() => client.close());
  client.send('{not json');
  assert.equal(await line(), 'received');
  assert.equal(await line(), 'SyntaxError 0');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
});

it('a shutdown keeps its process alive until it is done', async () => {
  const { child, line } = start(`
    import { createServer } from 'node:http';
    import { Sessions } from '../../dist/server/index.js';
    import { attach } from '../../dist/server/node.js';
    const sessions = new Sessions({ grace: 50 }).serve(() => new Promise(() => console.log('serves')));
    const server = createServer().listen(0, '127.0.0.1', () => console.log(server.address().port));
    attach(server, '/', sessions);
    process.once('SIGTERM', async () => {
      server.close();
      await sessions.shutDown();
      console.log('down');
    });
  `);
  const client = talk(`ws://127.0.0.1:${await line()}/`);
  stops.push(() => client.close());
  assert.equal(await line(), 'serves');
  child.kill('SIGTERM');
  assert.equal(await line(), 'down');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
