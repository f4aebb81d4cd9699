// What a server may do wrong: how it ends connections, what it answers, what it sends; and how much.

import assert from 'node:assert/strict';

/** The connection opens, the server ends it after the first message, and it reconnects. */
const reconnects = (fault, path, code = 1006, more = {}) => ({
  fault,
  with: { path: `${path}${path.includes('?') ? '&' : '?'}after=1` },
  make: (Undrop, { at, path }) => new Undrop(at(path), [], { retry: { first: 100, cap: 500 } }),
  steps: async (socket) => {
    await socket.until('open');
    await socket.inject('now');
    await socket.until('open', 2);
  },
  events: ['open', `drop close ${code} #2`, 'open'],
  ...more,
});

/** The same, but the close code is final. */
const closes = (code, clean = ' clean', events = ['open', `close ${code}${clean}`]) =>
  reconnects(`close code ${code}: final`, `/close?code=${code}`, code, {
    steps: async (socket) => {
      await socket.until('open');
      await socket.inject('now');
      await socket.until('close');
    },
    events,
  });

/** The close code asks for a longer delay. The row does not wait for it. */
const delayed = (code) => ({
  fault: `close code ${code}: the delay is drawn from 5-30 s; preventDefault`,
  with: { path: `/close?after=1&code=${code}` },
  make: (Undrop, { at, path }) => {
    const socket = new Undrop(at(path));
    socket.ondrop = (event) => event.preventDefault();
    return socket;
  },
  steps: async (socket) => {
    await socket.until('open');
    await socket.inject('now');
    const { delay } = await socket.until('drop');
    assert.ok(delay >= 5_000 && delay <= 30_000, `a delay of ${delay}`);
    await socket.until('close');
  },
  events: ['open', `drop close ${code} #2`, `close ${code} clean`],
});

/** Two attempts fail so, the third opens. */
const failing = (fault, path, { cause = 'close', handshakes = 1, connectTimeout = 5_000 } = {}) => ({
  fault,
  with: { path, connectTimeout },
  make: (Undrop, { at, path, closed, connectTimeout }) => {
    let attempts = 0;
    const bad = path.replace('CLOSED', closed);
    const url = () => (attempts++ < 2 ? (bad.startsWith('ws') ? bad : at(bad)) : at('/echo'));
    return new Undrop(url, [], { retry: { first: 100, cap: 500 }, connectTimeout });
  },
  steps: async (socket) => {
    socket.mark();
    await socket.until('open');
  },
  // The lookup of a name may take longer than an attempt.
  events: ({ seen }) => (seen.join().match(`^drop ${cause} 1006 #2,drop ${cause} 1006 #3,open$`) ? seen : cause),
  handshakes,
  // URLs that are not the server's have no id, so attempts at them are not counted for this row.
  ...(path.startsWith('/') ? {} : { sockets: 1 }),
});

const FORBIDDEN_FRAMES = ['reserved-opcode', 'rsv', 'continuation', 'control-too-long', 'huge-header'];

/** A socket with a heartbeat. A connection that works is faster than its timeouts, however busy the machine is. */
const withHeartbeat = (Undrop, { at }) =>
  new Undrop(at('/echo'), [], {
    retry: { first: 100, cap: 500 },
    connectTimeout: 2_000,
    heartbeat: { interval: 100, timeout: 1_000, message: 'ping', reply: 'ping' },
  });

export const serverFaults = [
  reconnects('TCP reset', '/reset'),
  reconnects('FIN without a close frame', '/fin'),
  {
    fault: 'TCP reset by a proxy',
    through: 'proxy',
    steps: async (socket, { proxy }) => {
      await socket.until('open');
      socket.mark();
      assert.equal(await proxy.reset(), 1);
      await socket.until('open', 2);
    },
    events: ['open', 'drop close 1006 #2', 'open'],
  },
  {
    fault: 'black hole, no event: the heartbeat finds it',
    through: 'proxy',
    make: withHeartbeat,
    steps: async (socket, { proxy }) => {
      await socket.until('open');
      socket.mark();
      assert.equal(await proxy.blackhole(), 1);
      await socket.until('open', 2);
      // The browser has not noticed: the abandoned connection is still there.
      assert.equal(await proxy.count(), 2);
    },
    events: ['open', 'drop heartbeat 1006 #2', 'open'],
  },
  {
    fault: 'a proxy cuts the idle connection',
    through: 'proxy',
    orders: ['idle 300'],
    make: (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 60_000, cap: 60_000 } }),
    steps: async (socket, { proxy }) => {
      const { at } = await socket.until('open');
      socket.faultAt = at + 300;
      await socket.until('drop');
      // The next connection is idle, too, and who looks at it may be late.
      await proxy.order('idle 0');
      await socket.use((socket) => socket.reconnect());
      await socket.until('open', 2);
    },
    events: ['open', 'drop close 1006 #2', 'open'],
  },
  {
    fault: 'a proxy that cuts idle connections, and a heartbeat',
    through: 'proxy',
    orders: ['idle 2000'],
    make: (Undrop, { at }) => {
      let pings = 0;
      const message = () => {
        if (++pings === 30) socket.send('enough');
        return 'ping';
      };
      const heartbeat = { interval: 100, timeout: 5_000, message, reply: 'ping' };
      const socket = new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 }, heartbeat });
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message');
      const { messages } = await socket.report();
      assert.deepEqual(messages, ['enough'], 'replies are not delivered');
    },
    events: ['open'],
  },
  {
    fault: 'server killed (SIGKILL) and started again',
    through: 'server',
    steps: async (socket, tools) => {
      await socket.until('open');
      socket.mark();
      await tools.own.signal('SIGKILL');
      await socket.until('drop');
      await tools.startServer(tools.own.port);
      await socket.until('open', 2);
    },
    // The number of attempts that are refused meanwhile depends on time.
    events: ({ seen }) => between(seen, /^drop close 1006 #\d+$/),
    handshakes: 1,
  },
  {
    fault: 'server stopped (SIGSTOP) and continued',
    through: 'server',
    make: withHeartbeat,
    steps: async (socket, { own }) => {
      await socket.until('open');
      socket.mark();
      own.signal('SIGSTOP');
      const { cause } = await socket.until('drop');
      assert.equal(cause, 'heartbeat');
      assert.equal((await socket.until('drop', 2)).cause, 'timeout');
      own.signal('SIGCONT');
      await socket.until('open', 2);
    },
    events: ({ seen }) => between(seen, /^drop (heartbeat|timeout) 1006 #\d+$/),
    // It answers the handshakes late that began while it was stopped.
    handshakes: 'any',
  },
  ...[1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400].map((code) => closes(code)),
  ...[1001, 1011, 1014, 4000].map((code) => reconnects(`close code ${code}`, `/close?code=${code}`, code)),
  reconnects('a close frame without a code', '/close', 1005),
  ...[1012, 1013].map(delayed),
  ...[1004, 1005, 1006, 1015].map((code) =>
    reconnects(`close code ${code}, which must not be sent`, `/close?code=${code}`, code, {
      // Chromium takes the two that a browser reports by itself for a breach of the protocol.
      events: ({ name }) => [
        'open',
        `drop close ${name === 'Chromium' && [1005, 1015].includes(code) ? 1006 : code} #2`,
        'open',
      ],
    }),
  ),
  ...[401, 403, 503].map((status) => failing(`handshake answered ${status}`, `/status?code=${status}`)),
  failing('handshake answered with garbage', '/garbage'),
  failing('handshake answered with a wrong key', '/badaccept'),
  failing('TCP reset within the handshake', '/refuse'),
  // Firefox keeps the TCP connection of a handshake that is never answered, even after `close()`, and has at most six to a
  // host. So no more than five attempts of all rows may hang at the server itself.
  failing('handshake never answered, and the next attempt at the same host', '/hang', {
    cause: 'timeout',
    // The third attempt has to be faster, however busy the machine is.
    connectTimeout: 2_000,
  }),
  failing('port refused', 'CLOSED'),
  failing('a name that does not resolve', 'ws://undrop.invalid/', {
    cause: '(close|timeout)',
    connectTimeout: 3_000,
  }),
  reconnects('invalid UTF-8', '/badutf8'),
  { ...reconnects('a forbidden frame: masked', '/badframe?kind=masked'), only: 'Chromium' },
  ...FORBIDDEN_FRAMES.map((kind) => reconnects(`a forbidden frame: ${kind}`, `/badframe?kind=${kind}`)),
  {
    ...reconnects('a forbidden frame: masked (Firefox takes it for a message)', '/badframe?kind=masked'),
    only: 'Firefox',
    steps: async (socket) => {
      await socket.until('open');
      await socket.inject('now');
      await socket.until('message', 2);
    },
    events: ['open'],
  },
  {
    fault: 'flood: 100,000 messages in',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/push?count=100000&size=20'));
      let next = 0;
      socket.addEventListener('message', ({ data }) => {
        if (Number.parseInt(data, 10) === next) next++;
        if (next === 100_000) socket.dispatchEvent(new Event('mark'));
      });
      return socket;
    },
    steps: async (socket) => {
      await socket.until('open');
      await socket.until('mark');
      assert.equal((await socket.report()).stats.messagesIn, 100_000);
    },
    events: ['open'],
  },
  {
    fault: 'flood: 100,000 messages out and back, 20,000 of them through the queue',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      let next = 0;
      socket.addEventListener('message', ({ data }) => {
        if (Number(data) === next) next++;
        if (next === 100_000) socket.dispatchEvent(new Event('mark'));
      });
      const send = (from, to) => {
        for (let number = from; number < to; number++) socket.send(String(number));
      };
      send(0, 20_000);
      // The queue is sent after the page's listeners of `open` have returned.
      socket.addEventListener('open', () => setTimeout(() => send(20_000, 100_000)));
      return socket;
    },
    steps: async (socket) => {
      await socket.until('mark');
      const { messagesIn, messagesOut } = (await socket.report()).stats;
      assert.deepEqual([messagesIn, messagesOut], [100_000, 100_000]);
    },
    events: ['open'],
  },
  {
    fault: 'one message of 64 MiB, out',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/count'));
      const bytes = new Uint8Array(64 << 20).map((_, at) => at % 251);
      socket.onopen = async () => {
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        socket.sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        socket.send(bytes);
      };
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message');
      const { messages } = await socket.report();
      const { bytes, sha256 } = JSON.parse(messages[0]);
      assert.equal(bytes, 64 << 20);
      assert.equal(sha256, await socket.use((socket) => socket.sha256));
    },
    events: ['open'],
  },
  {
    fault: 'one message of 64 MiB, in',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at(`/push?count=1&binary=1&size=${64 << 20}`));
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('message', ({ data }) => {
        socket.length = new Uint8Array(data).filter((byte) => byte === 0).length;
      });
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message');
      assert.equal(await socket.use((socket) => socket.length), 64 << 20);
    },
    events: ['open'],
  },
  {
    fault: 'a small queue and a message of 64 MiB before the connection is open: refused',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      try {
        socket.send(new ArrayBuffer(64 << 20));
      } catch ({ name }) {
        socket.thrown = name;
      }
      return socket;
    },
    steps: async (socket) => {
      assert.equal(await socket.use((socket) => socket.thrown), 'QuotaExceededError');
      await socket.until('open');
    },
    events: ['open'],
  },
];

/** Returns the events that were seen, if the first and the last are `open` and all others are as expected. */
function between(seen, expected) {
  assert.deepEqual([seen[0], seen.at(-1)], ['open', 'open']);
  for (const event of seen.slice(1, -1)) assert.match(event, expected);
  return seen;
}
