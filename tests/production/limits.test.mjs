// What clients and an operator see at the limits of a node: those of one address, behind a proxy that the node knows of or not,
// and that of its files.

import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { begin, shakeHands } from './support/handshakes.mjs';
import { node, proxy } from './support/started.mjs';

const CLIENTS = 3_000;
/** How many of them connect at the same time. */
const AT_ONCE = 100;
/** `Limits::sessions_per_address`. */
const PER_ADDRESS = 1_000;

/** The clients, each from an address of its own, connect through nginx to this node. Returns how many got which answer. */
async function crowdBehindNginx(one) {
  const nginx = await proxy('nginx', [one]);
  const answers = {};
  const waiting = Array.from({ length: CLIENTS }, (_, index) => `127.1.${index >> 8}.${index & 255}`);
  const connectAll = async () => {
    for (let localAddress = waiting.pop(); localAddress; localAddress = waiting.pop()) {
      const { status, socket } = await shakeHands(nginx, { localAddress });
      const answer = status === 101 ? await begin(socket) : status;
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, connectAll));
  return answers;
}

const hint = 'an address of a private network has used up its limit';

test('behind a proxy that the server does not know of all clients share the limits of one, and it says so once', async () => {
  const one = await node({ log: 'warn' });
  const { welcome, ...refused } = await crowdBehindNginx(one);
  assert.equal(welcome, PER_ADDRESS);
  // With 429 whose handshakes are too many, with 1013 whose sessions are.
  const { 429: handshakes = 0, 1013: sessions = 0, ...others } = refused;
  assert.deepEqual({ refused: handshakes + sessions, others }, { refused: CLIENTS - PER_ADDRESS, others: {} });
  await one.logs(hint);
  await one.end('SIGTERM');
  assert.equal(one.lines.length, 1, one.lines.join('\n'));
  for (const said of ['address=127.0.0.1', 'Config::proxies', 'Proxies::XForwardedFor(1)'])
    assert.ok(one.lines[0].includes(said), one.lines[0]);
});

test('behind a proxy that the server knows of all clients live', async () => {
  const one = await node({ options: ['--proxies', '1'], log: 'warn' });
  assert.deepEqual(await crowdBehindNginx(one), { welcome: CLIENTS });
  await one.end('SIGTERM');
  assert.deepEqual(one.lines, []);
});

test('a node with as many files as it may have open says so once, counts it, and goes on with those it has', async () => {
  const one = await node({ files: 64, log: 'warn' });
  const { socket: first } = await shakeHands(one);
  assert.equal(await begin(first), 'welcome');
  // A connection that is there before, as a new one could not be accepted.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counted = () => errors(one.url.replace('ws:', 'http:'), agent);
  assert.equal(await counted(), 0);
  const further = Array.from({ length: 64 }, () => shakeHands(one));
  for (const one of further) one.catch(() => {});
  while ((await counted()) < 3);
  first.send('still here');
  const echo = new Promise((resolve) => {
    first.on('message', (data) => data.toString() === 'still here' && resolve());
  });
  await echo;
  await one.end('SIGKILL');
  agent.destroy();
  assert.equal(one.lines.length, 1, one.lines.join('\n'));
  assert.match(one.lines[0], /no connection could be accepted.* failures=1\b/);
});

/** How often no connection could be accepted because of too many files. */
async function errors(url, agent) {
  const response = await new Promise((resolve, reject) =>
    get(`${url}/metrics`, { agent }, resolve).on('error', reject),
  );
  return Number((await text(response)).match(/^undrop_accept_errors_total\{cause="files"\} (\d+)$/m)[1]);
}
