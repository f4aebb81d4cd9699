// The orders that these tests give to the fault proxy, given in the same way. Its own tests, beside it, show that it
// loses, reorders and adds nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { buildPrograms } from '../../scripts/lib/test-server.mjs';
import { startFaultProxy } from '../support/fault-proxy.mjs';

let echo;
let proxy;

before(async () => {
  await buildPrograms();
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(echo, 'listening');
});
beforeEach(async () => {
  await proxy?.stop();
  proxy = await startFaultProxy(`ws://127.0.0.1:${echo.address().port}`, { seed: 1 });
});
after(async () => {
  await proxy.stop();
  echo.close();
});

test('reset ends the live connections, and a new one works', async () => {
  const socket = await connectAndTalk();
  const error = once(socket, 'error');
  assert.equal(await proxy.reset(), 1);
  assert.equal((await error)[0].code, 'ECONNRESET');
  await connectAndTalk();
});

test('fin ends TCP in order', async () => {
  const socket = await connectAndTalk();
  const end = once(socket, 'end');
  assert.equal(await proxy.fin(), 1);
  await end;
});

test('a black hole lets nothing pass and ends nothing; a new connection works; after the hole everything passes', async () => {
  const socket = await connectAndTalk();
  assert.equal(await proxy.blackhole(), 1);
  socket.write('into the hole');
  let up;
  do [{ up }] = await proxy.connections();
  while (up.taken < 'hellointo the hole'.length);
  assert.equal(up.passed, 'hello'.length);
  await connectAndTalk();
  assert.equal(socket.read(), null);
  await proxy.order('hole both off');
  assert.equal(String((await once(socket, 'data'))[0]), 'into the hole');
});

test('an idle connection is cut', async () => {
  await proxy.order('idle 50');
  const socket = await connectAndTalk();
  await once(socket, 'end');
  assert.equal(await proxy.count(), 0);
});

test('random faults have a seed, and are counted', async () => {
  const { seed, faults } = await proxy.order('chaos 1 1');
  assert.equal(seed, '1');
  assert.ok(Object.values(faults).some(({ times }) => times > 0));
});

test('an unknown order is refused, and so is every order after the end', async () => {
  await assert.rejects(proxy.order('explode'), /does not explode: no such order/);
  await proxy.stop();
  await assert.rejects(proxy.reset(), /is gone, and does not reset/);
});

/** A connection through the proxy that was echoed once. */
async function connectAndTalk() {
  // The proxy may end with a reset what a test leaves open.
  const socket = connect(new URL(proxy.url).port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write('hello');
  assert.equal(String((await once(socket, 'data'))[0]), 'hello');
  return socket;
}
