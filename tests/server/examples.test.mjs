// The examples of servers behind frameworks, each started as its reader would, and talked to over a connection that is cut.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { talk } from './support/client.mjs';
import { startCutter } from './support/cutter.mjs';

for (const name of ['hono', 'fastify', 'express']) {
  it(`${name} and sessions share a server, which ends in order`, async () => {
    const path = inRoot(`examples/server-${name}.mjs`);
    assert.ok(readFileSync(path, 'utf8').trim().split('\n').length <= 40);
    const server = spawn(process.execPath, [path], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(createInterface({ input: server.stdout }), 'line');
      const cutter = await startCutter(Number(line.match(/^listening on port (\d+)$/)[1]));
      const page = async (path) => (await fetch(`http://127.0.0.1:${cutter.port}${path}`)).text();
      assert.equal(await page('/'), 'hello');
      const { next, send, event, socket } = talk(`${cutter.url}/room?user=ann`);
      send('one');
      assert.equal(await next(), 'ann said one');
      const resumed = event('resume');
      cutter.cut();
      send('two');
      await resumed;
      assert.equal(await next(), 'ann said two');
      assert.match(await page('/metrics'), /^undrop_resumes_total\{.*outcome="resumed",cause="here"\} 1$/m);
      const [dropped, exited] = [event('drop'), once(server, 'exit')];
      server.kill('SIGTERM');
      assert.equal((await dropped).code, 1012);
      socket.close();
      cutter.stop();
      assert.deepEqual(await exited, [0, null]);
    } finally {
      server.kill('SIGKILL');
    }
  });
}
