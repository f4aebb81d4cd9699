// What the user asks of a line that is in trouble: to end, to wait, to go on.

import assert from 'node:assert/strict';

/** The page's patience with a `close()`, beyond the second that the server is given. */
const SOON = 3_000;

/** `events` after `steps`, on a line whose options are a literal of `options` (text, since it may hold functions). */
const wish = (fault, path, options, steps, events, more = {}) => ({
  fault,
  make: `(Undrop, { at }) => new Undrop(at('${path}'), [], ${options})`,
  steps,
  events,
  ...more,
});

const LONG = '{ retry: { first: 60_000, cap: 60_000 } }';
const SHORT = '{ retry: { first: 100, cap: 500 } }';

const close = (socket) => socket.close();
const reconnect = (socket) => socket.reconnect();

const closes = async (line) => {
  await line.injure(close);
  const { at } = await line.until('close');
  assert.ok(at - line.injured < SOON, `the close event came after ${at - line.injured} ms`);
};

const opensAndCloses = async (line) => {
  await line.until('open');
  await closes(line);
};

/** After `message` the server does what its route says. */
const says = (message, then) => async (line) => {
  await line.until('open');
  await line.injure(message);
  await then(line);
};

const closing = (line) => line.until('close');
const reopening = (line) => line.until('open', 2);

export const wishes = [
  wish('close() while dialling', '/hang', SHORT, closes, ['error', 'close 1006'], { handshakes: 0 }),
  {
    fault: 'close() while the URL is looked for',
    make: (Undrop) => new Undrop(() => new Promise(() => {})),
    steps: closes,
    events: ['error', 'close 1006'],
    sockets: 0,
  },
  wish(
    'close() while waiting',
    '/status?code=503',
    LONG,
    async (line) => {
      await line.until('drop');
      await closes(line);
    },
    ['drop close 1006 #1', 'error', 'close 1006'],
  ),
  wish('close() on an open line', '/echo', SHORT, opensAndCloses, ['open', 'close 1005 clean']),
  wish('close() on a line that never answers it', '/silent', SHORT, opensAndCloses, ['open', 'error', 'close 1006']),
  wish('close() into a black hole', '/blackhole', SHORT, opensAndCloses, ['open', 'error', 'close 1006']),
  {
    fault: 'preventDefault on drop',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/reset?after=1'), [], { retry: { first: 100, cap: 500 } });
      socket.ondrop = (event) => event.preventDefault();
      return socket;
    },
    steps: says('now', closing),
    events: ['open', 'drop close 1006 #1', 'error', 'close 1006'],
  },
  wish(
    'retry: false',
    '/reset?after=1',
    '{ retry: false }',
    says('now', closing),
    // As the browser's own class has it: Firefox tells of an error when TCP is reset, Chromium does not.
    ({ name }) => ['open', ...(name === 'Firefox' ? ['error'] : []), 'close 1006'],
  ),
  wish('retry() says false', '/reset?after=1', '{ retry: () => false }', says('now', closing), [
    'open',
    'error',
    'close 1006',
  ]),
  wish(
    'retry() says true to a final code',
    '/close?code=1000&after=1',
    '{ retry: { first: 100, cap: 500, decide: () => true } }',
    says('now', reopening),
    ['open', 'drop close 1000 #1', 'open'],
  ),
  wish(
    'retry() says 20',
    '/reset?after=1',
    '{ retry: () => 20 }',
    says('now', async (line) => {
      assert.equal((await line.until('drop')).delay, 20);
      await reopening(line);
    }),
    ['open', 'drop close 1006 #1', 'open'],
  ),
  wish(
    'retry() throws: as if it were not there',
    '/reset?after=1',
    "{ retry: { first: 100, cap: 500, decide() { throw new Error('of the user'); } } }",
    says('now', reopening),
    ['open', 'drop close 1006 #1', 'open'],
  ),
  wish(
    'retry.limit: 3',
    '/status?code=503',
    '{ retry: { first: 20, cap: 20, limit: 3 } }',
    async (line) => {
      line.mark();
      await closing(line);
    },
    ['drop close 1006 #1', 'drop close 1006 #2', 'error', 'close 1006'],
  ),
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
    steps: says('now', reopening),
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'a function for the URL that throws, rejects, and gives what is none',
    make: (Undrop, { at }) => {
      const fail = () => {
        throw new Error('of the user');
      };
      const urls = [fail, async () => fail(), () => 'ws://[', () => at('/echo')];
      return new Undrop(() => urls.shift()(), [], { retry: { first: 50, cap: 100 } });
    },
    steps: async (line) => {
      line.mark();
      await line.until('open');
    },
    events: ['drop url 1006 #1', 'drop url 1006 #2', 'drop url 1006 #3', 'open'],
    sockets: 1,
  },
  {
    fault: 'queue: what is too much is refused',
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
    steps: async (line) => {
      await line.until('message', 2);
      assert.deepEqual((await line.report()).messages, ['a', 'b']);
      const thrown = await line.use(({ first, second }) => [first, second]);
      assert.deepEqual(thrown, ['QuotaExceededError', 'QuotaExceededError']);
    },
    events: ['open'],
  },
  {
    fault: 'queue: the oldest goes',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'), [], { queue: { messages: 2, overflow: 'drop-oldest' } });
      // Later, when the row listens.
      setTimeout(() => {
        for (const letter of 'abc') if (socket.state === 'connecting') socket.send(letter);
      });
      return socket;
    },
    steps: async (line) => {
      await line.until('message', 2);
      assert.deepEqual((await line.report()).messages, ['b', 'c']);
    },
    events: ['lost overflow a', 'open'],
  },
  {
    fault: 'queue: the oldest goes, and the page sends more when it hears of it',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'), [], { queue: { messages: 3, overflow: 'drop-oldest' } });
      const more = ({ data }) => data === 'a' && socket.send('d');
      socket.addEventListener('lost', more);
      // Later, when the row listens.
      setTimeout(() => {
        if (socket.state !== 'connecting') return;
        for (const letter of 'abc') socket.send(letter);
        socket.send('new');
      });
      return socket;
    },
    steps: async (line) => {
      await line.until('message', 3);
      assert.deepEqual((await line.report()).messages, ['c', 'new', 'd']);
    },
    // The listener that sends more is the first, and what comes of that is told before the others hear of `a`.
    events: ['lost overflow b', 'lost overflow a', 'open'],
  },
  {
    fault: 'reconnect() when the state becomes closed: the close is still told, with its code',
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
    steps: (line) => line.until('close', 2),
    events: ['open', 'close 4400 clean', 'open', 'close 4400 clean'],
    states: { close: ['connecting', 'closed'] },
  },
  wish(
    'queue: timeToLive',
    '/hang',
    '{ queue: { timeToLive: 50 } }',
    async (line) => {
      await line.use((socket) => socket.send('a'));
      line.mark();
      await line.until('lost');
    },
    ['lost expired a'],
    { handshakes: 0 },
  ),
  wish(
    'queue: close() hands back what waits',
    '/hang',
    SHORT,
    async (line) => {
      await line.use((socket) => [...'ab'].map((letter) => socket.send(letter)).length);
      await closes(line);
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
    steps: async (line) => {
      await line.until('message');
      const { bytes, kind } = JSON.parse((await line.report()).messages[0]);
      assert.deepEqual({ bytes, kind }, { bytes: 7, kind: 'binary' });
    },
    events: ['open'],
  },
  wish(
    'queue: false',
    '/echo',
    '{ queue: false }',
    async (line) => {
      await line.until('open');
      await line.use((socket) => {
        socket.reconnect();
        try {
          socket.send('a');
        } catch ({ name }) {
          socket.thrown = name;
        }
      });
      assert.equal(await line.use(({ thrown }) => thrown), 'InvalidStateError');
      await reopening(line);
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
    steps: async (line) => {
      await line.until('open');
      await line.injure((socket) => socket.abort());
      await closing(line);
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
    steps: async (line) => {
      assert.equal(await line.use(({ thrown }) => thrown), 'AbortError');
      await line.until('open');
    },
    events: ['open'],
  },
  wish(
    'flushed(): when all has left',
    '/echo',
    SHORT,
    async (line) => {
      const left = await line.use(async (socket) => {
        socket.send('a');
        await socket.flushed();
        return [socket.state, socket.bufferedAmount];
      });
      assert.deepEqual(left, ['open', 0]);
    },
    ['open'],
  ),
  wish(
    'flushed(): on an abort, at the end',
    '/status?code=503',
    LONG,
    async (line) => {
      await line.until('drop');
      const names = await line.use(async (socket) => {
        const nameOf = (promise) =>
          promise.then(
            () => 'kept',
            ({ name }) => name,
          );
        socket.send('b');
        const aborted = await nameOf(socket.flushed({ signal: AbortSignal.abort() }));
        socket.close();
        return [aborted, await nameOf(socket.flushed())];
      });
      assert.deepEqual(names, ['AbortError', 'InvalidStateError']);
      await line.until('close');
    },
    ['drop close 1006 #1', 'lost closed b', 'error', 'close 1006'],
  ),
  {
    fault: 'reconnect() while dialling: the dial goes on',
    make: (Undrop, { at }) => {
      const socket = new Undrop(at('/echo'));
      socket.reconnect();
      return socket;
    },
    steps: (line) => line.until('open'),
    events: ['open'],
  },
  wish(
    'reconnect() on an open line',
    '/echo',
    SHORT,
    async (line) => {
      await line.until('open');
      await line.injure(reconnect);
      await reopening(line);
    },
    ['open', 'drop reconnect 1006 #1', 'open'],
  ),
  wish(
    'reconnect() while waiting',
    '/reset?after=1',
    LONG,
    says('now', async (line) => {
      await line.until('drop');
      await line.injure(reconnect);
      await reopening(line);
    }),
    ['open', 'drop close 1006 #1', 'open'],
  ),
  wish(
    'reconnect() while closing',
    '/silent',
    SHORT,
    async (line) => {
      await line.until('open');
      await line.injure((socket) => {
        socket.close();
        socket.reconnect();
      });
      await reopening(line);
    },
    ['open', 'open'],
  ),
  wish(
    'reconnect() after the end',
    '/echo',
    SHORT,
    async (line) => {
      await opensAndCloses(line);
      await line.injure(reconnect);
      await reopening(line);
    },
    ['open', 'close 1005 clean', 'open'],
  ),
  wish(
    'reconnect() after giving up',
    '/close?code=4400&after=1',
    SHORT,
    says('now', async (line) => {
      await closing(line);
      await line.injure(reconnect);
      await reopening(line);
    }),
    ['open', 'close 4400 clean', 'open'],
  ),
  wish(
    'statechange tells each state once, in order',
    '/reset?after=1',
    SHORT,
    says('now', async (line) => {
      await reopening(line);
      await closes(line);
      const { states } = await line.report();
      assert.deepEqual(states, ['open', 'waiting', 'connecting', 'open', 'closing', 'closed']);
    }),
    ['open', 'drop close 1006 #1', 'open', 'close 1005 clean'],
  ),
];
