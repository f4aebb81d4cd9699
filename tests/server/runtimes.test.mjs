// The adapters: a server under Node, Bun and Deno, and clients with sessions whose connections are cut.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { nextEvent, talk } from './support/client.mjs';
import { startCutter } from './support/cutter.mjs';
import { runtimes } from './support/runtimes.mjs';
import { typedClient } from './support/typed-client.mjs';

for (const [name, [command, args]] of Object.entries(runtimes('echo-server.mjs'))) {
  describe(name, () => {
    let server;
    let lines;
    let cutter;

    before(async () => {
      server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: inRoot() });
      lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
      cutter = await startCutter(Number((await lines.next()).value));
    });
    after(() => {
      cutter?.stop();
      server?.kill();
    });

    const client = () => talk(`${cutter.url}/numbers?user=ann`, ['numbers']);
    const GREETING = 'hello ann, by numbers';

    it('answers each message once and in order, while connections are cut', async () => {
      const { next, send, event, socket } = client();
      assert.equal(await next(), GREETING);
      assert.equal(socket.protocol, 'numbers');
      const expected = [];
      for (let number = 1; number <= 60; number++) {
        send(`message ${number}`);
        expected.push(`${number} message ${number}`);
        if (number % 20 !== 0) continue;
        const resumed = event('resume');
        assert.equal(cutter.cut(), 1);
        await resumed;
      }
      const got = [];
      while (got.length < expected.length) got.push(await next());
      assert.deepEqual(got, expected);
      const ended = lines.next();
      socket.close(3001, 'enough');
      assert.equal((await ended).value, 'client 3001 enough');
    });

    it('carries bytes, and more than the connection takes at once', async () => {
      const { next, send, socket } = client();
      socket.binaryType = 'arraybuffer';
      assert.equal(await next(), GREETING);
      send(Uint8Array.of(0, 255, 16));
      assert.deepEqual([...new Uint8Array(await next())], [0, 255, 16]);
      send(new Uint8Array(512 << 10));
      assert.equal((await next()).byteLength, 512 << 10);
      send('much');
      for (let count = 0; count < 128; count++) assert.equal((await next()).byteLength, 64 << 10);
      assert.equal(await next(), '3 much');
      // More than a session takes at once, before any of it is answered.
      const large = 'x'.repeat(100 << 10);
      for (let count = 0; count < 60; count++) send(large);
      for (let count = 0; count < 60; count++) assert.equal(await next(), `${count + 4} ${large}`);
      const ended = lines.next();
      socket.close(1000);
      assert.equal((await ended).value, 'client 1000 ');
    });

    it('closes with the code of the app', async () => {
      const { next, send, event } = client();
      assert.equal(await next(), GREETING);
      const closed = event('close');
      const ended = lines.next();
      send('bye');
      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [4321, 'bye']);
      assert.equal((await ended).value, 'app');
    });

    it('answers typed messages and requests', async () => {
      const socket = typedClient(`${cutter.url}/numbers?user=ann&typed=yes`);
      const said = socket.next('said');
      socket.emit('say', 'hello');
      assert.equal(await said, 'hello');
      const resumed = nextEvent(socket, 'resume');
      cutter.cut();
      await resumed;
      assert.equal(await socket.request('double', 21), 42);
      socket.close();
    });

    it('refuses a page of another origin, and a client without a session', async () => {
      const { WebSocket } = await import('ws');
      const answer = async (protocols, origin) => {
        const socket = new WebSocket(`ws://127.0.0.1:${cutter.port}/numbers`, protocols, { origin });
        return (await once(socket, 'error'))[0].message;
      };
      assert.equal(await answer(['undrop.1'], 'http://evil.example'), 'Unexpected server response: 403');
      assert.equal(await answer([], 'http://page.example'), 'Unexpected server response: 400');
    });

    it('takes no message that is larger than it says', async () => {
      const { WebSocket } = await import('ws');
      const socket = new WebSocket(`${cutter.url}/numbers`, ['undrop.1+numbers']);
      await once(socket, 'open');
      socket.send('\u0010new');
      const [welcome] = await once(socket, 'message');
      const largest = Number(welcome.toString().split(' ')[4]);
      const ended = lines.next();
      socket.send(Buffer.alloc(largest + 1));
      assert.equal((await once(socket, 'close'))[0], 1009);
      assert.equal((await ended).value, 'violation');
    });

    it('shuts down with 1012, after which clients come back', async () => {
      const { next, event, socket } = client();
      assert.equal(await next(), GREETING);
      const dropped = event('drop');
      server.stdin.write('end\n');
      assert.equal((await dropped).code, 1012);
      assert.equal((await lines.next()).value, 'shutdown');
      assert.equal((await lines.next()).value, 'shut down');
      socket.close();
    });
  });
}

it('says which entry there is for Bun, under Bun, of all that is for Node', async () => {
  const [command, args] = runtimes('entries-for-node.mjs').Bun;
  const { stdout } = await promisify(execFile)(command, args, { cwd: inRoot() });
  assert.deepEqual(stdout.trim().split('\n'), [
    'attach: TypeError: Undrop: undrop/server/node is for Node: under Bun, import undrop/server/bun.',
    'upgrade: TypeError: Undrop: undrop/server/node is for Node: under Bun, import undrop/server/bun.',
    'WebSocketServer: TypeError: Undrop: undrop/server/ws is for Node: under Bun, import undrop/server/bun.',
  ]);
});
