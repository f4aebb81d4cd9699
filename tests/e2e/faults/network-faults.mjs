// Faults of the network between the page and the server. The fault proxy causes them.

import assert from 'node:assert/strict';

const RETRY = { first: 100, cap: 500 };

/** The heartbeat finds a dead connection soon; an attempt that hangs times out soon, and one that works is faster. */
const withHeartbeat = (Undrop, { at, retry, timeout }) =>
  new Undrop(at('/echo'), [], {
    retry,
    connectTimeout: 2_000,
    heartbeat: { interval: 100, timeout, message: 'ping', reply: 'ping' },
  });

/** A row through the proxy, whose heartbeat has this timeout. */
const throughProxy = (fault, timeout, steps, events, more = {}) => ({
  fault,
  through: 'proxy',
  with: { retry: RETRY, timeout },
  make: withHeartbeat,
  steps,
  events,
  ...more,
});

/** A timeout that a connection which works never reaches, however busy the machine is. */
const SHORT = 1_000;
/** A timeout that no fault of these rows exceeds. */
const LONG = 5_000;

const hole = (fault, ways) =>
  throughProxy(
    fault,
    SHORT,
    async (socket, { proxy }) => {
      await socket.until('open');
      socket.mark();
      assert.equal(await proxy.blackhole(ways), 1);
      await socket.until('open', 2);
    },
    ['open', 'drop heartbeat 1006 #2', 'open'],
  );

/** The connection is cut when a part of the echo's frame has passed. The page must not get that part. */
const cutWithin = (fault, order) => ({
  fault,
  through: 'proxy',
  steps: async (socket, { proxy }) => {
    await socket.until('open');
    assert.equal(await proxy.order(order, 'down', 500, 'live'), 1);
    await socket.inject('x'.repeat(1000));
    await socket.until('open', 2);
    assert.deepEqual((await socket.report()).messages, []);
  },
  events: ['open', 'drop close 1006 #2', 'open'],
});

export const networkFaults = [
  hole('black hole on the way to the server alone', 'up'),
  hole('black hole on the way to the page alone', 'down'),
  throughProxy(
    'a black hole that ends before the timeout of the heartbeat: the connection holds, all arrives in order',
    LONG,
    async (socket, { proxy }) => {
      await socket.until('open');
      await proxy.blackhole();
      await socket.use((socket) => {
        for (const message of 'abc') socket.send(message);
      });
      // The proxy has the messages, and the server does not yet.
      const [{ up }] = await proxy.connections();
      for (let taken = up.taken; taken < up.passed + 3; )
        [
          {
            up: { taken },
          },
        ] = await proxy.connections();
      assert.deepEqual((await socket.report()).messages, []);
      await proxy.order('hole both off');
      await socket.until('message', 3);
      assert.deepEqual((await socket.report()).messages, ['a', 'b', 'c']);
    },
    ['open'],
  ),
  cutWithin('TCP reset in the middle of a frame', 'reset-after'),
  cutWithin('FIN in the middle of a frame', 'fin-after'),
  throughProxy(
    'the proxy cuts the connection and refuses the next; its port comes back',
    LONG,
    async (socket, { proxy }) => {
      await socket.until('open');
      socket.mark();
      await proxy.order('refuse');
      assert.equal(await proxy.reset(), 1);
      await socket.until('drop', 2);
      await proxy.order('listen');
      await socket.until('open', 2);
    },
    // The number of attempts that are refused depends on time.
    ({ seen }) => between(seen, /^drop close 1006 #\d+$/),
    { handshakes: 2 },
  ),
  throughProxy(
    'the proxy cuts the connection, accepts the next and never answers its handshake',
    LONG,
    async (socket, { proxy }) => {
      await socket.until('open');
      socket.mark();
      await proxy.order('hang');
      assert.equal(await proxy.reset(), 1);
      assert.equal((await socket.until('drop', 2)).cause, 'timeout');
      await proxy.order('listen');
      await socket.until('open', 2);
    },
    ({ seen }) => between(seen, /^drop (close 1006 #2|timeout 1006 #\d+)$/),
    // A handshake that timed out may reach the server later.
    { handshakes: 'any' },
  ),
  throughProxy(
    'every byte 150 ms late, each way: the connection holds, and the round trips show it',
    LONG,
    async (socket, { proxy }) => {
      await socket.until('open');
      await proxy.order('latency both 150 live');
      // Pings that were on their way before may still be answered sooner.
      let last = 0;
      while (last < 300) last = (await socket.report()).stats.roundTrip.last;
    },
    ['open'],
  ),
  throughProxy(
    'at most 400,000 bytes a second, each way: 200,000 come back whole, the connection holds',
    LONG,
    async (socket, { proxy }) => {
      await socket.until('open');
      await proxy.order('rate both 400000 live');
      await socket.use((socket) =>
        socket.send(Array.from({ length: 20_000 }, (_, at) => String(at).padStart(10)).join('')),
      );
      await socket.until('message');
      const [message] = (await socket.report()).messages;
      assert.equal(message, Array.from({ length: 20_000 }, (_, at) => String(at).padStart(10)).join(''));
    },
    ['open'],
  ),
  throughProxy(
    'five seconds of random faults of each kind, then none: one connection, which works',
    SHORT,
    async (socket, { proxy }) => {
      await socket.until('open');
      const { faults } = await proxy.order('chaos 5 100');
      assert.ok(Object.values(faults).some(({ connections }) => connections > 0));
      socket.mark();
      await socket.use(async (socket) => {
        // The connection of the moment may be dead, and the next one will open.
        for (let hasArrived = false; !hasArrived; ) {
          hasArrived = await new Promise((resolve) => {
            socket.addEventListener('message', () => resolve(true), { once: true });
            socket.addEventListener('open', () => resolve(false), { once: true });
            socket.send('after');
          });
        }
      });
    },
    ({ seen }) => between(seen, /^(open|drop (close|heartbeat|timeout) 1006 #\d+)$/),
    { handshakes: 'any' },
  ),
];

/** Returns the events that were seen, if the first and the last are `open` and all others are as expected. */
function between(seen, expected) {
  assert.deepEqual([seen[0], seen.at(-1)], ['open', 'open']);
  for (const event of seen.slice(1, -1)) assert.match(event, expected);
  return seen;
}
