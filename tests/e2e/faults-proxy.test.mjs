// The proxy that injures lines must itself lose, reorder and add nothing, or its faults would pass for the package's.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { startFaultProxy } from '../support/fault-proxy.mjs';

let echo;
let proxy;

before(async () => {
  echo = createServer({ allowHalfOpen: true }, (line) => line.on('error', () => {}).pipe(line)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
});
beforeEach(async () => {
  await proxy?.stop();
  proxy = await startFaultProxy(`ws://127.0.0.1:${echo.address().port}`);
});
after(async () => {
  await proxy.stop();
  echo.close();
});

test('bytes pass in order, all of them and no others', async () => {
  const line = await dial();
  const sent = randomBytes(32 << 20);
  const [had, was] = [createHash('sha256'), createHash('sha256').update(sent).digest('hex')];
  line.end(sent);
  let length = 0;
  for await (const chunk of line) {
    had.update(chunk);
    length += chunk.length;
  }
  assert.equal(length, sent.length);
  assert.equal(had.digest('hex'), was);
});

test('reset ends the lines there are, and a new one passes', async () => {
  const line = await talk();
  const error = once(line, 'error');
  assert.equal(proxy.reset(), 1);
  assert.equal((await error)[0].code, 'ECONNRESET');
  await talk();
});

test('fin ends in order', async () => {
  const line = await talk();
  const end = once(line, 'end');
  assert.equal(proxy.fin(), 1);
  await end;
});

test('blackhole lets nothing pass and ends nothing, and a new line passes', async () => {
  const line = await talk();
  assert.equal(proxy.blackhole(), 1);
  let heard = false;
  line.write('into the hole');
  line.on('data', () => {
    heard = true;
  });
  line.on('end', () => {
    heard = true;
  });
  // Longer than a round trip through the same proxy took.
  for (let trip = 0; trip < 20; trip++) (await talk()).destroy();
  assert.equal(heard, false);
});

test('an idle line is cut, and one that talks is not', async () => {
  await proxy.stop();
  proxy = await startFaultProxy(`ws://127.0.0.1:${echo.address().port}`, { idle: 200 });
  const [idle, busy] = [await talk(), await talk()];
  let cut = false;
  idle.resume().on('end', () => {
    cut = true;
  });
  while (!cut) {
    busy.write('x');
    await once(busy, 'data');
  }
  assert.equal(busy.readableEnded, false);
});

async function dial() {
  const line = connect(new URL(proxy.url).port, '127.0.0.1');
  await once(line, 'connect');
  return line;
}

/** A line that has been through to the other end and back. */
async function talk() {
  const line = await dial();
  line.write('hello');
  assert.equal(String((await once(line, 'data'))[0]), 'hello');
  return line;
}
