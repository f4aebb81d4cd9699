// What the settings of docs/in-production.md are for: a proxy that is configured by its blocks, and one that lacks one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shakeHands, statuses } from './support/handshakes.mjs';
import { haproxyStatistics } from './support/haproxy-statistics.mjs';
import { atEnd, node, proxy } from './support/started.mjs';

const all = (status, count) => Array(count).fill(status);

/** Each worker of nginx remembers by itself which server has refused. */
const oneWorker = ['worker_processes auto;', 'worker_processes 1;'];

/** What clients get through nginx while its nodes are restarted in turn, and afterwards. */
async function restartInTurn(...changes) {
  const nodes = [await node(), await node()];
  const nginx = await proxy('nginx', nodes, [oneWorker, ...changes]);
  const meanwhile = [];
  for (const one of nodes) {
    await one.end('SIGTERM');
    meanwhile.push(...(await statuses(nginx, 4)));
    await one.start();
  }
  for (const one of nodes) assert.deepEqual(await statuses(one, 1), [101]);
  return { meanwhile, afterwards: await statuses(nginx, 20) };
}

test('nginx lets clients in while its nodes are restarted in turn, and afterwards', async () => {
  assert.deepEqual(await restartInTurn(), { meanwhile: all(101, 8), afterwards: all(101, 20) });
});

test('nginx with the max_fails of its own answers 502 until fail_timeout is over, though both nodes are back', async () => {
  // By default it is 10 s, which must not be over before the test is.
  const { meanwhile, afterwards } = await restartInTurn([' max_fails=0', ' fail_timeout=1h']);
  assert.deepEqual(meanwhile, [...all(101, 4), ...all(502, 4)]);
  assert.deepEqual(afterwards, all(502, 20));
});

/**
 * The answer to a client that comes through HAProxy while one of two nodes is away, and how often HAProxy tried the same node
 * again, and another one. Its health checks do not find that out here.
 */
async function askWhileOneIsAway(...changes) {
  const nodes = [await node(), await node()];
  const statistics = await haproxyStatistics();
  const unchecked = ['check inter 1s', 'check inter 1h'];
  const haproxy = await proxy('HAProxy', nodes, [statistics.setting, unchecked, ...changes]);
  // One for each, so that the node with fewer connections is the one that goes away.
  for (const _ of nodes) atEnd(await connected(haproxy));
  await nodes[0].end('SIGTERM');
  const [status] = await statuses(haproxy, 1);
  return { status, ...(await statistics.retries()) };
}

async function connected(proxy) {
  const { status, socket } = await shakeHands(proxy);
  assert.equal(status, 101);
  return () => socket.terminate();
}

test('HAProxy tries the other node at once', async () => {
  assert.deepEqual(await askWhileOneIsAway(), { status: 101, again: 0, elsewhere: 1 });
});

test('HAProxy without `option redispatch` tries the same node three times more, a second apart, and answers 503', async () => {
  const without = await askWhileOneIsAway(['    option redispatch 1\n', '']);
  assert.deepEqual(without, { status: 503, again: 3, elsewhere: 0 });
});

const hint = 'a page was refused with 403';

test('a proxy that passes the host on as it came lets pages of the same origin in', async () => {
  const same = await node({ options: ['--origins', 'same'], log: 'warn' });
  const nginx = await proxy('nginx', [same]);
  const origin = nginx.url.replace('wss:', 'https:');
  assert.deepEqual(await statuses(nginx, 5, { origin }), all(101, 5));
  await same.end('SIGTERM');
  assert.deepEqual(same.lines, []);
});

for (const [passed, why] of [
  ['$host', 'Port'],
  ['$proxy_host', 'Host'],
])
  test(`nginx that passes ${passed} on has pages refused, and the server says once what it compared and what to set`, async () => {
    const same = await node({ options: ['--origins', 'same'], log: 'warn' });
    const nginx = await proxy('nginx', [same], [['Host $http_host', `Host ${passed}`]]);
    const origin = nginx.url.replace('wss:', 'https:');
    assert.deepEqual(await statuses(nginx, 5, { origin }), all(403, 5));
    await same.logs(hint);
    await same.end('SIGTERM');
    assert.equal(same.lines.length, 1, same.lines.join('\n'));
    const [line] = same.lines;
    const host = passed === '$host' ? '127.0.0.1' : 'chat';
    for (const said of [` why=${why} `, ` origin="${origin}" `, ` host="${host}"`, 'proxy_set_header Host $http_host'])
      assert.ok(line.includes(said), line);
  });
