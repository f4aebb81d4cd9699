// What the user asks for: `close()`, `reconnect()`, the options.

import assert from 'node:assert/strict';

/** A row with a socket to `path`. The options are the text of a literal, since they may hold functions. */
const row = (fault, path, options, steps, events, more = {}) => ({
  fault,
  make: `(Undrop, { at }) => new Undrop(at('${path}'), [], ${options})`,
  steps,
  events,
  ...more,
});

// A socket that closes only by this timeout takes longer than any row.
const closeTimeout = 600_000;
const LONG = JSON.stringify({ retry: { first: 60_000, cap: 60_000 }, closeTimeout });
const SHORT = JSON.stringify({ retry: { first: 100, cap: 500 }, closeTimeout });
const CLOSES_SOON = '{ closeTimeout: 1_000 }';

/** What a connection fires that does not open, or that opens and does not close cleanly. */
const FAILED = ['error', 'close 1006'];
const BROKEN = ['open', ...FAILED];

const close = (socket) => socket.close();
const reconnect = (socket) => socket.reconnect();

const closes = async (socket) => {
  await socket.inject(close);
  await socket.until('close');
};

const opensAndCloses = async (socket) => {
  await socket.until('open');
  await closes(socket);
};

/** The server does what its route says after the first message. */
const afterMessage = (message, then) => async (socket) => {
  await socket.until('open');
  await socket.inject(message);
  await then(socket);
};

const closing = (socket) => socket.until('close');
const reopening = (socket) => socket.until('open', 2);

/** The `close` event of a last drop has its cause; one that the page asked for has none. */
const endsWith = (cause, fault, path, options, steps, events, more) =>
  row(
    `the cause of the close event: ${fault}`,
    path,
    options,
    async (socket, tools) => {
      await steps(socket, tools);
      // JSON makes null of undefined.
      assert.equal((await socket.until('close')).cause ?? undefined, cause);
    },
    events,
    more,
  );

const lastCauses = [
  endsWith('close', 'a final close code', '/close?code=4400&after=1', '{}', afterMessage('now', closing), [
    'open',
    'close 4400 clean',
  ]),
  endsWith('close', 'no attempt is left', '/status?code=503', '{ retry: { limit: 1 } }', closing, FAILED),
  endsWith(
    'timeout',
    'no attempt is left, and the last timed out',
    '/hang',
    '{ retry: { limit: 1 }, connectTimeout: 50 }',
    closing,
    FAILED,
    // Firefox bears no more handshakes that hang: see server-faults.mjs.
    { handshakes: 0, only: 'Chromium' },
  ),
  endsWith(
    'close',
    'the page decides to close',
    '/reset?after=1',
    '{ retry: () => false }',
    afterMessage('now', closing),
    ['open', 'error', 'close 1006'],
  ),
  endsWith(
    'heartbeat',
    'the server does not answer, with retry: false',
    '/blackhole',
    "{ retry: false, heartbeat: { interval: 20, timeout: 20, message: 'ping' } }",
    closing,
    BROKEN,
  ),
  endsWith(undefined, 'the page closes', '/echo', SHORT, opensAndCloses, ['open', 'close 1005 clean']),
  endsWith(
    undefined,
    'the page closes while waiting',
    '/status?code=503',
    LONG,
    async (socket) => {
      await socket.until('drop');
      await closes(socket);
    },
    ['drop close 1006 #2', ...FAILED],
  ),
];

/** Closing in a state in which there is nothing more to close. */
const closesTwice = [
  row(
    'close() while closing: one close event',
    '/echo',
    SHORT,
    async (socket) => {
      await socket.until('open');
      await socket.use((socket) => {
        socket.close(4000);
        socket.close(4001);
      });
      await socket.until('close');
      assert.deepEqual((await socket.report()).states, ['open', 'closing', 'closed']);
    },
    ['open', 'close 4000 clean'],
  ),
  row(
    'close() when closed: no event',
    '/echo',
    SHORT,
    async (socket) => {
      await opensAndCloses(socket);
      await socket.use(async (socket) => {
        socket.close();
        await new Promise((resolve) => setTimeout(resolve));
      });
      assert.deepEqual((await socket.report()).states, ['open', 'closing', 'closed']);
    },
    ['open', 'close 1005 clean'],
  ),
  row(
    'close() while offline',
    '/reset?after=1',
    LONG,
    afterMessage('now', async (socket) => {
      await socket.use(() => {
        Object.defineProperty(navigator, 'onLine', { value: false, configurable: true });
        globalThis.dispatchEvent(new Event('offline'));
      });
      await socket.until('drop');
      assert.equal((await socket.report()).state, 'offline');
      await closes(socket);
      await socket.use(() => {
        delete navigator.onLine;
        globalThis.dispatchEvent(new Event('online'));
      });
    }),
    // The drop may come before the page is offline, and then its attempt counts.
    ({ seen }) => ['open', /^drop close 1006 #[12]$/.test(seen[1]) ? seen[1] : 'drop', 'error', 'close 1006'],
  ),
  row(
    'close() in the open event',
    '/echo',
    SHORT,
    async (socket) => {
      await socket.until('close');
    },
    ['open', 'close 1005 clean'],
    {
      make: (Undrop, { at }) => {
        const socket = new Undrop(at('/echo'));
        socket.onopen = () => socket.close();
        return socket;
      },
      states: { open: ['closing'] },
    },
  ),
  row(
    'close() in the drop event',
    '/reset?after=1',
    SHORT,
    afterMessage('now', async (socket) => {
      await socket.until('close');
    }),
    ['open', 'drop close 1006 #2', 'error', 'close 1006'],
    {
      make: (Undrop, { at }) => {
        const socket = new Undrop(at('/reset?after=1'));
        socket.ondrop = () => socket.close();
        return socket;
      },
      states: { drop: ['closing'] },
    },
  ),
];

export const userActions = [
  ...closesTwice,
  row('close() while connecting', '/hang', SHORT, closes, ['error', 'close 1006'], { handshakes: 0 }),
  {
    fault: 'close() while the URL is looked for',
    make: (Undrop) => new Undrop(() => new Promise(() => {}), [], { closeTimeout: 600_000 }),
    steps: closes,
    events: ['error', 'close 1006'],
    sockets: 0,
  },
  row(
    'close() while waiting',
    '/status?code=503',
    LONG,
    async (socket) => {
      await socket.until('drop');
      await closes(socket);
    },
    ['drop close 1006 #2', 'error', 'close 1006'],
  ),
  row('close() on an open connection', '/echo', SHORT, opensAndCloses, ['open', 'close 1005 clean']),
  row('close() that the server never answers: ends after closeTimeout', '/silent', CLOSES_SOON, opensAndCloses, BROKEN),
  row('close() into a black hole: ends after closeTimeout', '/blackhole', CLOSES_SOON, opensAndCloses, BROKEN),
  row(
    'close() that the server answers after 2 s, with the default options: clean, with its code',
    '/echo',
    '{}',
    async (socket, { proxy }) => {
      await socket.until('open');
      assert.equal(await proxy.order('latency down 2000 live'), 1);
      await socket.inject((socket) => socket.close(4321));
      assert.equal((await socket.report()).state, 'closing');
      await socket.until('close');
      assert.deepEqual((await socket.report()).states, ['open', 'closing', 'closed']);
    },
    ['open', 'close 4321 clean'],
    { through: 'proxy' },
  ),
  {
    // The page waits for a shorter time than `closeTimeout`.
    fault: 'close() while a probe is unanswered: ends at once',
    through: 'proxy',
    make: (Undrop, { at }) => {
      const message = () => {
        socket.dispatchEvent(new Event('mark'));
        return 'ping';
      };
      const heartbeat = { interval: 600_000, timeout: 600_000, message, reply: 'ping' };
      const socket = new Undrop(at('/echo'), [], { closeTimeout: 600_000, heartbeat });
      return socket;
    },
    steps: async (socket, { proxy }) => {
      await socket.until('open');
      assert.equal(await proxy.blackhole(), 1);
      await socket.use(() => void document.dispatchEvent(new Event('resume')));
      await socket.until('mark');
      await closes(socket);
    },
    events: BROKEN,
  },
  {
    fault: 'preventDefault on drop',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/reset?after=1'), [], { retry: { first: 100, cap: 500 } });
      socket.ondrop = (event) => event.preventDefault();
      return socket;
    },
    steps: afterMessage('now', closing),
    events: ['open', 'drop close 1006 #2', 'error', 'close 1006'],
  },
  row(
    'retry: false',
    '/reset?after=1',
    '{ retry: false }',
    afterMessage('now', closing),
    // As with the browser's own class: Firefox fires `error` when TCP is reset, Chromium does not.
    ({ name }) => ['open', ...(name === 'Firefox' ? ['error'] : []), 'close 1006'],
  ),
  row('retry() returns false', '/reset?after=1', '{ retry: () => false }', afterMessage('now', closing), [
    'open',
    'error',
    'close 1006',
  ]),
  row(
    'retry() returns true for a final code',
    '/close?code=1000&after=1',
    '{ retry: { first: 100, cap: 500, decide: () => true } }',
    afterMessage('now', reopening),
    ['open', 'drop close 1000 #2', 'open'],
  ),
  row(
    'retry() returns 20',
    '/reset?after=1',
    '{ retry: () => 20 }',
    afterMessage('now', async (socket) => {
      assert.equal((await socket.until('drop')).delay, 20);
      await reopening(socket);
    }),
    ['open', 'drop close 1006 #2', 'open'],
  ),
  row(
    'retry() throws: what happens without it happens',
    '/reset?after=1',
    "{ retry: { first: 100, cap: 500, decide() { throw new Error('of the page'); } } }",
    afterMessage('now', reopening),
    ['open', 'drop close 1006 #2', 'open'],
  ),
  row(
    'retry.limit: 3',
    '/status?code=503',
    '{ retry: { first: 20, cap: 20, limit: 3 } }',
    async (socket) => {
      socket.mark();
      await closing(socket);
    },
    ['drop close 1006 #2', 'drop close 1006 #3', 'error', 'close 1006'],
  ),
  ...['() => true', '() => 20', '({ delay }) => delay', '() => undefined'].map((decide) =>
    row(
      `retry.limit: 3 holds when the page decides ${decide}`,
      '/status?code=503',
      `{ retry: { first: 20, cap: 20, limit: 3, decide: ${decide} } }`,
      async (socket) => {
        socket.mark();
        const { cause } = await socket.until('close');
        assert.equal(cause, 'close');
      },
      ['drop close 1006 #2', 'drop close 1006 #3', 'error', 'close 1006'],
    ),
  ),
  ...lastCauses,
  {
    fault: 'the URL by a function, at once and later',
    make: (Undrop, { at }) => {
      const urls = [() => at('/reset?after=1'), async () => at('/echo')];
      return new Undrop(
        () => urls.shift()(),
        () => [],
        { retry: { first: 100, cap: 500 } },
      );
    },
    steps: afterMessage('now', reopening),
    events: ['open', 'drop close 1006 #2', 'open'],
  },
  {
    fault: 'a function for the URL that throws, rejects, and returns no URL',
    make: (Undrop, { at }) => {
      const fail = () => {
        throw new Error('of the page');
      };
      const urls = [fail, async () => fail(), () => 'ws://[', () => at('/echo')];
      return new Undrop(() => urls.shift()(), [], { retry: { first: 50, cap: 100 } });
    },
    steps: async (socket) => {
      socket.mark();
      await socket.until('open');
    },
    events: ['drop url 1006 #2', 'drop url 1006 #3', 'drop url 1006 #4', 'open'],
    sockets: 1,
  },
  {
    fault: 'queue: a message beyond the limits is refused',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'), [], { queue: { messages: 2, bytes: 10 } });
      socket.send('a');
      try {
        socket.send('far too long');
      } catch ({ name }) {
        socket.first = name;
      }
      socket.send('b');
      try {
        socket.send('c');
      } catch ({ name }) {
        socket.second = name;
      }
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message', 2);
      assert.deepEqual((await socket.report()).messages, ['a', 'b']);
      const thrown = await socket.use(({ first, second }) => [first, second]);
      assert.deepEqual(thrown, ['QuotaExceededError', 'QuotaExceededError']);
    },
    events: ['open'],
  },
  {
    fault: 'queue: the oldest message makes room',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'), [], { queue: { messages: 2, overflow: 'drop-oldest' } });
      // Later, when the row listens.
      setTimeout(() => {
        for (const message of 'abc') if (socket.state === 'connecting') socket.send(message);
      });
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message', 2);
      assert.deepEqual((await socket.report()).messages, ['b', 'c']);
    },
    events: ['lost overflow a', 'open'],
  },
  {
    fault: 'queue: the oldest message makes room, and the page sends more in its lost event',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'), [], { queue: { messages: 3, overflow: 'drop-oldest' } });
      const more = ({ data }) => data === 'a' && socket.send('d');
      socket.addEventListener('lost', more);
      // Later, when the row listens.
      setTimeout(() => {
        if (socket.state !== 'connecting') return;
        for (const message of 'abc') socket.send(message);
        socket.send('new');
      });
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message', 3);
      assert.deepEqual((await socket.report()).messages, ['c', 'new', 'd']);
    },
    // The first listener sends more, so `b` is lost before the other listeners get the event of `a`.
    events: ['lost overflow b', 'lost overflow a', 'open'],
  },
  {
    fault: 'reconnect() when the state becomes closed: the close event still comes, with its code',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/close?code=4400'), [], {});
      let again = true;
      socket.onstatechange = () => {
        if (socket.state === 'closed' && again) {
          again = false;
          socket.reconnect();
        }
      };
      return socket;
    },
    steps: (socket) => socket.until('close', 2),
    events: ['open', 'close 4400 clean', 'open', 'close 4400 clean'],
    states: { close: ['connecting', 'closed'] },
  },
  row(
    'queue: timeToLive',
    '/hang',
    '{ queue: { timeToLive: 50 } }',
    async (socket) => {
      await socket.use((socket) => socket.send('a'));
      socket.mark();
      await socket.until('lost');
    },
    ['lost expired a'],
    { handshakes: 0 },
  ),
  row(
    'queue: close() hands back what is queued',
    '/hang',
    SHORT,
    async (socket) => {
      await socket.use((socket) => [...'ab'].map((message) => socket.send(message)).length);
      await closes(socket);
    },
    ['error', 'lost closed a', 'lost closed b', 'close 1006'],
    { handshakes: 0 },
  ),
  {
    fault: 'queue: an ArrayBuffer of another frame is sent as what it is',
    make: (Undrop, { at }) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const socket = new Undrop(at('/count'));
      socket.send(new frame.contentWindow.ArrayBuffer(7));
      frame.remove();
      return socket;
    },
    steps: async (socket) => {
      await socket.until('message');
      const { bytes, kind } = JSON.parse((await socket.report()).messages[0]);
      assert.deepEqual({ bytes, kind }, { bytes: 7, kind: 'binary' });
    },
    events: ['open'],
  },
  row(
    'queue: false',
    '/echo',
    '{ queue: false }',
    async (socket) => {
      await socket.until('open');
      await socket.use((socket) => {
        socket.reconnect();
        try {
          socket.send('a');
        } catch ({ name }) {
          socket.thrown = name;
        }
      });
      assert.equal(await socket.use(({ thrown }) => thrown), 'InvalidStateError');
      await reopening(socket);
    },
    ['open', 'drop reconnect 1006 #1', 'open'],
  ),
  {
    fault: 'a signal that aborts',
    make: (Undrop, { at }) => {
      const controller = new AbortController();
      const socket = new Undrop(at('/echo'), [], { signal: controller.signal });
      socket.abort = () => controller.abort();
      return socket;
    },
    steps: async (socket) => {
      await socket.until('open');
      await socket.inject((socket) => socket.abort());
      await closing(socket);
    },
    events: ['open', 'close 1005 clean'],
  },
  {
    fault: 'a signal that was aborted before',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      try {
        new Undrop(at('/echo'), [], { signal: AbortSignal.abort() });
      } catch ({ name }) {
        socket.thrown = name;
      }
      return socket;
    },
    steps: async (socket) => {
      assert.equal(await socket.use(({ thrown }) => thrown), 'AbortError');
      await socket.until('open');
    },
    events: ['open'],
  },
  row(
    'flushed(): resolves when all was sent',
    '/echo',
    SHORT,
    async (socket) => {
      const left = await socket.use(async (socket) => {
        socket.send('a');
        await socket.flushed();
        return [socket.state, socket.bufferedAmount];
      });
      assert.deepEqual(left, ['open', 0]);
    },
    ['open'],
  ),
  row(
    'flushed(): rejects on an abort, and when the socket is closed',
    '/status?code=503',
    LONG,
    async (socket) => {
      await socket.until('drop');
      const names = await socket.use(async (socket) => {
        const nameOf = (promise) =>
          promise.then(
            () => 'resolved',
            ({ name }) => name,
          );
        socket.send('b');
        const aborted = await nameOf(socket.flushed({ signal: AbortSignal.abort() }));
        socket.close();
        return [aborted, await nameOf(socket.flushed())];
      });
      assert.deepEqual(names, ['AbortError', 'InvalidStateError']);
      await socket.until('close');
    },
    ['drop close 1006 #2', 'lost closed b', 'error', 'close 1006'],
  ),
  {
    fault: 'reconnect() while connecting: the attempt goes on',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      socket.reconnect();
      return socket;
    },
    steps: (socket) => socket.until('open'),
    events: ['open'],
  },
  row(
    'reconnect() on an open connection',
    '/echo',
    SHORT,
    async (socket) => {
      await socket.until('open');
      await socket.inject(reconnect);
      await reopening(socket);
    },
    ['open', 'drop reconnect 1006 #1', 'open'],
  ),
  row(
    'reconnect() while waiting',
    '/reset?after=1',
    LONG,
    afterMessage('now', async (socket) => {
      await socket.until('drop');
      await socket.inject(reconnect);
      await reopening(socket);
    }),
    ['open', 'drop close 1006 #2', 'open'],
  ),
  row(
    'reconnect() while closing',
    '/silent',
    CLOSES_SOON,
    async (socket) => {
      await socket.until('open');
      await socket.inject((socket) => {
        socket.close();
        socket.reconnect();
      });
      await reopening(socket);
    },
    ['open', 'open'],
  ),
  row(
    'reconnect() after close()',
    '/echo',
    SHORT,
    async (socket) => {
      await opensAndCloses(socket);
      await socket.inject(reconnect);
      await reopening(socket);
    },
    ['open', 'close 1005 clean', 'open'],
  ),
  row(
    'reconnect() after a final close code',
    '/close?code=4400&after=1',
    SHORT,
    afterMessage('now', async (socket) => {
      await closing(socket);
      await socket.inject(reconnect);
      await reopening(socket);
    }),
    ['open', 'close 4400 clean', 'open'],
  ),
  row(
    'statechange fires once for each state, in order',
    '/reset?after=1',
    SHORT,
    afterMessage('now', async (socket) => {
      await reopening(socket);
      await closes(socket);
      const { states } = await socket.report();
      assert.deepEqual(states, ['open', 'waiting', 'connecting', 'open', 'closing', 'closed']);
    }),
    ['open', 'drop close 1006 #2', 'open', 'close 1005 clean'],
  ),
];
