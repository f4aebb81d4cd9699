// What happens to the line between the page and the server, where neither of them sees it: the fault proxy does it.

import assert from 'node:assert/strict';

const RETRY = { first: 100, cap: 500 };

/** The heart finds a dead line soon; a dial that hangs is given up soon. */
const beating = (Undrop, { at, retry, timeout }) =>
  new Undrop(at('/echo'), [], {
    retry,
    connectTimeout: 400,
    heartbeat: { interval: 100, timeout, message: 'ping', reply: 'ping' },
  });

/** Through the proxy, with a heart that waits `timeout` for its answer. */
const between = (fault, timeout, steps, events, more = {}) => ({
  fault,
  through: 'proxy',
  with: { retry: RETRY, timeout },
  make: beating,
  steps,
  events,
  ...more,
});

const PATIENT = 5_000;

const hole = (fault, ways) =>
  between(
    fault,
    200,
    async (line, { line: proxy }) => {
      await line.until('open');
      line.mark();
      assert.equal(await proxy.blackhole(ways), 1);
      await line.until('open', 2);
    },
    ['open', 'drop heartbeat 1006 #1', 'open'],
  );

/** The echo is cut when a part of its frame has passed: the page must not be given that part. */
const cutWithin = (fault, order) => ({
  fault,
  through: 'proxy',
  steps: async (line, { line: proxy }) => {
    await line.until('open');
    assert.equal(await proxy.order(order, 'down', 500, 'live'), 1);
    await line.injure('x'.repeat(1000));
    await line.until('open', 2);
    assert.deepEqual((await line.report()).messages, []);
  },
  events: ['open', 'drop close 1006 #1', 'open'],
});

export const passage = [
  hole('black hole on the way to the server alone', 'up'),
  hole('black hole on the way to the page alone', 'down'),
  between(
    'black hole that ends before patience does: the line holds, all arrives in order',
    PATIENT,
    async (line, { line: proxy }) => {
      await line.until('open');
      await proxy.blackhole();
      await line.use((socket) => {
        for (const letter of 'abc') socket.send(letter);
      });
      // The server has not heard it yet, and the proxy has.
      const [{ up }] = await proxy.connections();
      for (let taken = up.taken; taken < up.passed + 3; )
        [
          {
            up: { taken },
          },
        ] = await proxy.connections();
      assert.deepEqual((await line.report()).messages, []);
      await proxy.order('hole both off');
      await line.until('message', 3);
      assert.deepEqual((await line.report()).messages, ['a', 'b', 'c']);
    },
    ['open'],
  ),
  cutWithin('TCP reset in the middle of a frame', 'reset-after'),
  cutWithin('FIN in the middle of a frame', 'fin-after'),
  between(
    'cut and then refused on the way; the port comes back',
    PATIENT,
    async (line, { line: proxy }) => {
      await line.until('open');
      line.mark();
      await proxy.order('refuse');
      assert.equal(await proxy.reset(), 1);
      await line.until('drop', 2);
      await proxy.order('listen');
      await line.until('open', 2);
    },
    // How many dials are refused nobody can know.
    ({ seen }) => dropped(seen, /^drop close 1006 #\d+$/),
    { handshakes: 2 },
  ),
  between(
    'cut, and the next dial is taken and never answered, on the way',
    PATIENT,
    async (line, { line: proxy }) => {
      await line.until('open');
      line.mark();
      await proxy.order('hang');
      assert.equal(await proxy.reset(), 1);
      assert.equal((await line.until('drop', 2)).cause, 'timeout');
      await proxy.order('listen');
      await line.until('open', 2);
    },
    ({ seen }) => dropped(seen, /^drop (close 1006 #1|timeout 1006 #\d+)$/),
    // What hung and was given up may reach the server after all.
    { handshakes: 'any' },
  ),
  between(
    'every byte 150 ms late, each way: the line holds, round trips say so',
    PATIENT,
    async (line, { line: proxy }) => {
      await line.until('open');
      await proxy.order('latency both 150 live');
      // Beats that were on their way before may still be answered sooner.
      let last = 0;
      while (last < 300) last = (await line.report()).stats.roundTrip.last;
    },
    ['open'],
  ),
  between(
    'at most 400,000 bytes a second, each way: 200,000 come back whole, the line holds',
    PATIENT,
    async (line, { line: proxy }) => {
      await line.until('open');
      await proxy.order('rate both 400000 live');
      await line.use((socket) =>
        socket.send(Array.from({ length: 20_000 }, (_, at) => String(at).padStart(10)).join('')),
      );
      await line.until('message');
      const [message] = (await line.report()).messages;
      assert.equal(message, Array.from({ length: 20_000 }, (_, at) => String(at).padStart(10)).join(''));
    },
    ['open'],
  ),
  between(
    'five seconds of everything at random, then calm: one line, and it talks',
    200,
    async (line, { line: proxy }) => {
      await line.until('open');
      const { faults } = await proxy.order('chaos 5 100');
      assert.ok(Object.values(faults).some(({ connections }) => connections > 0));
      line.mark();
      await line.use(async (socket) => {
        // The line of the moment may be dead and nobody knows yet; the next one will open.
        for (let heard = false; !heard; ) {
          heard = await new Promise((resolve) => {
            socket.addEventListener('message', () => resolve(true), { once: true });
            socket.addEventListener('open', () => resolve(false), { once: true });
            socket.send('after');
          });
        }
      });
    },
    ({ seen }) => dropped(seen, /^(open|drop (close|heartbeat|timeout) 1006 #\d+)$/),
    { handshakes: 'any' },
  ),
];

/** The sequence that was seen, if it begins and ends open and all between is as it should be. */
function dropped(seen, expected) {
  assert.deepEqual([seen[0], seen.at(-1)], ['open', 'open']);
  for (const event of seen.slice(1, -1)) assert.match(event, expected);
  return seen;
}
