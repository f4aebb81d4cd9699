// What the tests here order of the proxy that injures lines, as they order it. That it loses, reorders and adds nothing
// is shown by its own tests, beside it.

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
  echo = createServer({ allowHalfOpen: true }, (line) => line.on('error', () => {}).pipe(line)).listen(0, '127.0.0.1');
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

test('reset ends the lines there are, and a new one passes', async () => {
  const line = await talk();
  const error = once(line, 'error');
  assert.equal(await proxy.reset(), 1);
  assert.equal((await error)[0].code, 'ECONNRESET');
  await talk();
});

test('fin ends in order', async () => {
  const line = await talk();
  const end = once(line, 'end');
  assert.equal(await proxy.fin(), 1);
  await end;
});

test('blackhole lets nothing pass and ends nothing, a new line passes, and so does all at the end of the hole', async () => {
  const line = await talk();
  assert.equal(await proxy.blackhole(), 1);
  line.write('into the hole');
  let up;
  do [{ up }] = await proxy.connections();
  while (up.taken < 'hellointo the hole'.length);
  assert.equal(up.passed, 'hello'.length);
  await talk();
  assert.equal(line.read(), null);
  await proxy.order('hole both off');
  assert.equal(String((await once(line, 'data'))[0]), 'into the hole');
});

test('an idle line is cut', async () => {
  await proxy.order('idle 50');
  const line = await talk();
  await once(line, 'end');
  assert.equal(await proxy.count(), 0);
});

test('a seed makes one chaos, which is counted', async () => {
  const { seed, faults } = await proxy.order('chaos 1 1');
  assert.equal(seed, '1');
  assert.ok(Object.values(faults).some(({ times }) => times > 0));
});

test('an order that is none is refused, and so is every one after the end', async () => {
  await assert.rejects(proxy.order('explode'), /does not explode: no such order/);
  await proxy.stop();
  await assert.rejects(proxy.reset(), /is gone, and does not reset/);
});

/** A line that has been through to the other end and back. */
async function talk() {
  const line = connect(new URL(proxy.url).port, '127.0.0.1');
  await once(line, 'connect');
  line.write('hello');
  assert.equal(String((await once(line, 'data'))[0]), 'hello');
  return line;
}
