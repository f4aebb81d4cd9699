// Faults of the line, the server and the network, and what the line has to tell of each.

import assert from 'node:assert/strict';

/** Opens, is injured by the server after the first message, and mends. */
const injured = (fault, path, code = 1006, more = {}) => ({
  fault,
  with: { path: `${path}${path.includes('?') ? '&' : '?'}after=1` },
  make: (Undrop, { at, path }) => new Undrop(at(path), [], { retry: { first: 100, cap: 500 } }),
  steps: async (line) => {
    await line.until('open');
    await line.injure('now');
    await line.until('open', 2);
  },
  events: ['open', `drop close ${code} #1`, 'open'],
  ...more,
});

/** The same, but the code is final. */
const ended = (code, clean = ' clean', events = ['open', `close ${code}${clean}`]) =>
  injured(`close code ${code}: final`, `/close?code=${code}`, code, {
    steps: async (line) => {
      await line.until('open');
      await line.injure('now');
      await line.until('close');
    },
    events,
  });

/** The server asks for patience; nobody has it. */
const patient = (code) => ({
  fault: `close code ${code}: the wait is drawn from 5-30 s; preventDefault`,
  with: { path: `/close?after=1&code=${code}` },
  make: (Undrop, { at, path }) => {
    const socket = new Undrop(at(path));
    socket.ondrop = (event) => event.preventDefault();
    return socket;
  },
  steps: async (line) => {
    await line.until('open');
    await line.injure('now');
    const { delay } = await line.until('drop');
    assert.ok(delay >= 5_000 && delay <= 30_000, `a delay of ${delay}`);
    await line.until('close');
  },
  events: ['open', `drop close ${code} #1`, `close ${code} clean`],
});

/** Two dials fail so, the third opens. */
const failing = (fault, path, { cause = 'close', handshakes = 1, connectTimeout = 5_000 } = {}) => ({
  fault,
  with: { path, connectTimeout },
  make: (Undrop, { at, path, closed, connectTimeout }) => {
    let dials = 0;
    const bad = path.replace('CLOSED', closed);
    const url = () => (dials++ < 2 ? (bad.startsWith('ws') ? bad : at(bad)) : at('/echo'));
    return new Undrop(url, [], { retry: { first: 100, cap: 500 }, connectTimeout });
  },
  steps: async (line) => {
    line.mark();
    await line.until('open');
  },
  // A look-up of a name may take longer than a dial.
  events: ({ seen }) => (seen.join().match(`^drop ${cause} 1006 #1,drop ${cause} 1006 #2,open$`) ? seen : cause),
  handshakes,
  // The URLs that are not the server's cannot be told apart from those of other rows.
  ...(path.startsWith('/') ? {} : { sockets: 1 }),
});

const CRIMES = ['reserved-opcode', 'rsv', 'continuation', 'control-too-long', 'huge-header'];

/** A line with a heartbeat through the proxy. */
const beating = (Undrop, { at }) =>
  new Undrop(at('/echo'), [], {
    retry: { first: 100, cap: 500 },
    connectTimeout: 1_000,
    heartbeat: { interval: 100, timeout: 200, message: 'ping', reply: 'ping' },
  });

export const wounds = [
  injured('TCP reset', '/reset'),
  injured('FIN without a close frame', '/fin'),
  {
    fault: 'TCP reset on the way',
    through: 'proxy',
    steps: async (line, { line: proxy }) => {
      await line.until('open');
      line.mark();
      assert.equal(await proxy.reset(), 1);
      await line.until('open', 2);
    },
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'black hole, no event: the heartbeat finds it',
    through: 'proxy',
    make: beating,
    steps: async (line, { line: proxy }) => {
      await line.until('open');
      line.mark();
      assert.equal(await proxy.blackhole(), 1);
      await line.until('open', 2);
      // The browser has not noticed: the old line is still there, and forgotten.
      assert.equal(await proxy.count(), 2);
    },
    events: ['open', 'drop heartbeat 1006 #1', 'open'],
  },
  {
    fault: 'a proxy cuts the idle line',
    through: 'proxy',
    orders: ['idle 300'],
    make: (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 1, cap: 1 } }),
    steps: async (line) => {
      const { at } = await line.until('open');
      line.injured = at + 300;
      await line.until('open', 2);
    },
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'a proxy that cuts idle lines, and a heartbeat',
    through: 'proxy',
    orders: ['idle 600'],
    make: (Undrop, { at }) => {
      let beats = 0;
      const message = () => {
        if (++beats === 12) socket.send('enough');
        return 'ping';
      };
      const heartbeat = { interval: 100, timeout: 5_000, message, reply: 'ping' };
      const socket = new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 }, heartbeat });
      return socket;
    },
    steps: async (line) => {
      await line.until('message');
      const { messages } = await line.report();
      assert.deepEqual(messages, ['enough'], 'replies are not delivered');
    },
    events: ['open'],
  },
  {
    fault: 'server killed (SIGKILL) and started again',
    through: 'server',
    steps: async (line, tools) => {
      await line.until('open');
      line.mark();
      await tools.own.signal('SIGKILL');
      await line.until('drop');
      await tools.server(tools.own.port);
      await line.until('open', 2);
    },
    // How many dials between are refused nobody can know.
    events: ({ seen }) => between(seen, /^drop close 1006 #\d+$/),
    handshakes: 1,
  },
  {
    fault: 'server stopped (SIGSTOP) and continued',
    through: 'server',
    make: (Undrop, { at }) =>
      new Undrop(at('/echo'), [], {
        retry: { first: 100, cap: 500 },
        connectTimeout: 400,
        heartbeat: { interval: 100, timeout: 200, message: 'ping', reply: 'ping' },
      }),
    steps: async (line, { own }) => {
      await line.until('open');
      line.mark();
      own.signal('SIGSTOP');
      const { cause } = await line.until('drop');
      assert.equal(cause, 'heartbeat');
      assert.equal((await line.until('drop', 2)).cause, 'timeout');
      own.signal('SIGCONT');
      await line.until('open', 2);
    },
    events: ({ seen }) => between(seen, /^drop (heartbeat|timeout) 1006 #\d+$/),
    // It answers, late, what was dialled while it was stopped.
    handshakes: 'any',
  },
  ...[1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400].map((code) => ended(code)),
  ...[1001, 1011, 1014, 4000].map((code) => injured(`close code ${code}`, `/close?code=${code}`, code)),
  injured('a close frame without a code', '/close', 1005),
  ...[1012, 1013].map(patient),
  ...[1004, 1005, 1006, 1015].map((code) =>
    injured(`close code ${code}, which must not be sent`, `/close?code=${code}`, code, {
      // Chromium takes the two that it would have to make up itself for a breach of the protocol.
      events: ({ name }) => [
        'open',
        `drop close ${name === 'Chromium' && [1005, 1015].includes(code) ? 1006 : code} #1`,
        'open',
      ],
    }),
  ),
  ...[401, 403, 503].map((status) => failing(`handshake answered ${status}`, `/status?code=${status}`)),
  failing('handshake answered with garbage', '/garbage'),
  failing('handshake answered with a wrong key', '/badaccept'),
  failing('TCP reset within the handshake', '/refuse'),
  // Firefox keeps the TCP connection of a handshake that is never answered, whoever gives it up, and has six to a host. So
  // no more than five dials of all rows may hang at the server itself.
  failing('handshake never answered, and the next dial to the same host', '/hang', {
    cause: 'timeout',
    // The third dial has to be faster, however busy the machine is.
    connectTimeout: 2_000,
  }),
  failing('port refused', 'CLOSED'),
  failing('a name that does not resolve', 'ws://undrop.invalid/', {
    cause: '(close|timeout)',
    connectTimeout: 3_000,
  }),
  injured('invalid UTF-8', '/badutf8'),
  { ...injured('a forbidden frame: masked', '/badframe?kind=masked'), only: 'Chromium' },
  ...CRIMES.map((kind) => injured(`a forbidden frame: ${kind}`, `/badframe?kind=${kind}`)),
  {
    ...injured('a forbidden frame: masked (Firefox takes it for a message)', '/badframe?kind=masked'),
    only: 'Firefox',
    steps: async (line) => {
      await line.until('open');
      await line.injure('now');
      await line.until('message', 2);
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
    steps: async (line) => {
      await line.until('open');
      await line.until('mark');
      assert.equal((await line.report()).stats.messagesIn, 100_000);
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
      // What waits leaves after the page has heard that the line is open.
      socket.addEventListener('open', () => setTimeout(() => send(20_000, 100_000)));
      return socket;
    },
    steps: async (line) => {
      await line.until('mark');
      const { messagesIn, messagesOut } = (await line.report()).stats;
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
    steps: async (line) => {
      await line.until('message');
      const { messages } = await line.report();
      const { bytes, sha256 } = JSON.parse(messages[0]);
      assert.equal(bytes, 64 << 20);
      assert.equal(sha256, await line.use((socket) => socket.sha256));
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
    steps: async (line) => {
      await line.until('message');
      assert.equal(await line.use((socket) => socket.length), 64 << 20);
    },
    events: ['open'],
  },
  {
    fault: 'a small queue and a message of 64 MiB before the line is open: refused',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      try {
        socket.send(new ArrayBuffer(64 << 20));
      } catch ({ name }) {
        socket.thrown = name;
      }
      return socket;
    },
    steps: async (line) => {
      assert.equal(await line.use((socket) => socket.thrown), 'QuotaExceededError');
      await line.until('open');
    },
    events: ['open'],
  },
];

/** The sequence that was seen, if all between its two `open` is as it should be. */
function between(seen, expected) {
  assert.deepEqual([seen[0], seen.at(-1)], ['open', 'open']);
  for (const event of seen.slice(1, -1)) assert.match(event, expected);
  return seen;
}
