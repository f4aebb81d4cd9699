// What happens to the page, not to the connection. Chromium's protocol causes most of it for real. Firefox has no such
// protocol: the rows dispatch the events that Firefox would fire, and their names say so.

import assert from 'node:assert/strict';

/** No ping of the heartbeat is due within a row's time: only the page's signals cause a probe. */
const quiet = (Undrop, { at }) => {
  const message = () => {
    socket.dispatchEvent(new Event('mark'));
    return 'ping';
  };
  const socket = new Undrop(at('/echo'), [], {
    retry: { first: 60_000, cap: 60_000 },
    heartbeat: { interval: 60_000, timeout: 10_000, message, reply: 'ping' },
  });
  return socket;
};

const dispatch = (type, target = 'globalThis') => `() => void ${target}.dispatchEvent(new Event('${type}'))`;

const network = {
  Chromium: async ({ browser }, offline) => {
    await browser.send('Network.enable');
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await browser.send('Network.emulateNetworkConditions', conditions);
  },
  Firefox: ({ browser }, offline) => browser.run(dispatch(offline ? 'offline' : 'online')),
};

/** One row for each browser. They differ in how the network goes. */
const offline = (fault, row) => [
  { ...row, fault, only: 'Chromium' },
  { ...row, fault: `${fault} (Firefox: the events alone)`, only: 'Firefox' },
];

export const pageLifecycle = [
  ...offline('offline and online again: the connection is probed and holds', {
    make: quiet,
    steps: async (socket, tools) => {
      await socket.until('open');
      await network[tools.name](tools, true);
      await socket.use((socket) => socket.send('sent while offline'));
      assert.equal((await socket.report()).state, 'open');
      socket.mark();
      await network[tools.name](tools, false);
      await socket.until('mark');
      await socket.until('message');
    },
    events: ['open'],
  }),
  ...offline('black hole while offline: online finds it', {
    through: 'proxy',
    make: quiet,
    steps: async (socket, tools) => {
      await socket.until('open');
      await network[tools.name](tools, true);
      await tools.proxy.blackhole();
      socket.mark();
      await network[tools.name](tools, false);
      const { delay } = await socket.until('drop');
      assert.equal(delay, 0);
      await socket.until('open', 2);
    },
    events: ['open', 'drop wake 1006 #2', 'open'],
  }),
  {
    fault: 'dropped while offline (the events alone): connects when online, not before',
    through: 'proxy',
    make: quiet,
    steps: async (socket, { browser, proxy }) => {
      await socket.until('open');
      await browser.run(dispatch('offline'));
      await proxy.reset();
      await socket.until('drop');
      assert.equal((await socket.report()).state, 'offline');
      socket.mark();
      await browser.run(dispatch('online'));
      await socket.until('open', 2);
      const { states } = await socket.report();
      assert.deepEqual(states, ['open', 'offline', 'waiting', 'connecting', 'open']);
    },
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'visible again (the event alone) while waiting: connects at once',
    through: 'proxy',
    make: quiet,
    steps: async (socket, { browser, proxy }) => {
      await socket.until('open');
      await proxy.reset();
      await socket.until('drop');
      socket.mark();
      await browser.run(dispatch('visibilitychange', 'document'));
      await socket.until('open', 2);
    },
    events: ['open', 'drop close 1006 #2', 'open'],
  },
  {
    fault: 'resumed (Firefox freezes no page: the event alone): the connection is probed and holds',
    only: 'Firefox',
    make: quiet,
    steps: async (socket, { browser }) => {
      await socket.until('open');
      socket.mark();
      await browser.run(dispatch('resume', 'document'));
      await socket.until('mark');
    },
    events: ['open'],
  },
  {
    fault:
      'back from the cache (Firefox caches no page with an open connection: the event alone): the connection is probed and holds',
    only: 'Firefox',
    make: quiet,
    steps: async (socket, { browser }) => {
      await socket.until('open');
      socket.mark();
      await browser.run("() => void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
      await socket.until('mark');
    },
    events: ['open'],
  },
];

const short = (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 } });

const freeze = async ({ browser }) => {
  await browser.send('Page.setWebLifecycleState', { state: 'frozen' });
};
const thaw = async (socket, { browser }) => {
  socket.mark();
  await browser.send('Page.setWebLifecycleState', { state: 'active' });
};
const leaveAndReturn = async (socket, { browser, page }) => {
  await browser.goto(`${page}/elsewhere.html`);
  const back = browser.event('Page.frameNavigated');
  socket.mark();
  await browser.run('() => history.back()');
  assert.equal((await back).type, 'BackForwardCacheRestore');
};

/** This page alone was frozen. No crowd of clients reconnects at this moment, so there is no delay. */
const atOnce = async (socket) => assert.equal((await socket.until('drop')).delay, 0, 'the delay after a wake');

const REOPENED = ['open', 'drop close 1006 #1', 'open'];

/** To be run last: a page that Chromium's protocol has frozen stays hidden for ever. */
export const frozen = [
  {
    fault: 'frozen, which closes the connection, and resumed',
    make: short,
    steps: async (socket, tools) => {
      await socket.until('open');
      await freeze(tools);
      await thaw(socket, tools);
      await socket.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'frozen, the connection reset, resumed',
    through: 'proxy',
    make: short,
    steps: async (socket, tools) => {
      await socket.until('open');
      await freeze(tools);
      await tools.proxy.reset();
      await thaw(socket, tools);
      await socket.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'frozen and resumed: connects at once',
    make: quiet,
    steps: async (socket, tools) => {
      await socket.until('open');
      await freeze(tools);
      await thaw(socket, tools);
      await atOnce(socket);
      await socket.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'into the back/forward cache, which closes the connection, and back',
    make: short,
    steps: async (socket, tools) => {
      await socket.until('open');
      await leaveAndReturn(socket, tools);
      await socket.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'into the back/forward cache and back: connects at once',
    make: quiet,
    steps: async (socket, tools) => {
      await socket.until('open');
      await leaveAndReturn(socket, tools);
      await atOnce(socket);
      await socket.until('open', 2);
    },
    events: REOPENED,
  },
].map((row) => ({ ...row, only: 'Chromium' }));
