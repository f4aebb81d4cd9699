// Servers that speak the protocol pass every check: that of the Rust crate, that of the npm package, and one that has nothing of
// either.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { nodeProgram, startListening } from '../../scripts/lib/test-server.mjs';
import { serve } from './broken/server.mjs';
import { undrop, users } from './program.mjs';

/** The checks that others leave out, and what they need. */
const slow = ['--slow', '--only', 'unacknowledged'];
const silent = ['--slow', '--only', 'silent client'];

test('the server of the crate undrop-server passes', async () => {
  const { url, child, gone } = await startListening(nodeProgram, []);
  try {
    await passes(35, `${url}/echo`);
    await passes(1, `${url}/echo`, ...slow);
  } finally {
    child.stdin.end();
    await gone;
  }
});

test('the server of undrop/server passes', async (t) => {
  const { Sessions } = await import('../../dist/server/index.js');
  const { attach } = await import('../../dist/server/node.js');
  const authenticate = (handshake) => handshake.cookie('user');
  const start = async (options) => {
    const sessions = new Sessions({ origins: 'any', protocols: ['chat'], authenticate, ...options });
    sessions.serve(async (session) => {
      try {
        for await (const received of session) await received.commit([received.message]);
      } catch {
        // The session is over, or its client does not acknowledge.
      }
    });
    const server = createServer();
    attach(server, '/room', sessions);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.close();
      server.closeAllConnections();
      return sessions.shutDown();
    });
    return `ws://127.0.0.1:${server.address().port}/room`;
  };
  const url = await start({});
  await passes(36, url, ...users);
  await passes(1, url, ...slow);
  await passes(4, url, '--protocol', 'chat', ...only('handshake', 'welcome', 'echo', 'several subprotocols'));
  await passes(1, await start({ greeting: 100 }), ...silent);
});

test('a server that was written from docs/protocol.md alone passes', async (t) => {
  const start = async (options) => {
    const server = await serve([], options);
    t.after(server.stop);
    return server.url;
  };
  const url = await start({});
  await passes(36, url, ...users);
  await passes(1, url, ...slow);
  await passes(1, await start({ greeting: 100 }), ...silent);
});

const only = (...names) => names.flatMap((name) => ['--only', name]);

/** So many checks find nothing, and no other one finds anything. */
async function passes(number, url, ...args) {
  const { code, stdout, stderr } = await undrop('check', url, ...args);
  assert.equal(stderr, '');
  assert.match(stdout, new RegExp(`^${number} ok, 0 wrong, \\d skipped$`, 'm'), stdout);
  assert.equal(code, 0);
}
