// What happens to the page, not to the line. Chromium's protocol does most of it truly; Firefox has no such protocol, and
// gets the events that it would fire. The names of the rows say so.

import assert from 'node:assert/strict';

/** The heart does not beat within the time of a row: only signals make it probe. */
const quiet = (Undrop, { at }) => {
  const message = () => {
    socket.dispatchEvent(new Event('mark'));
    return 'ping';
  };
  const socket = new Undrop(at('/echo'), [], {
    retry: { first: 60_000, cap: 60_000 },
    connectTimeout: 1_000,
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

/** A row for each browser that differ in how the network goes. */
const offline = (fault, row) => [
  { ...row, fault, only: 'Chromium' },
  { ...row, fault: `${fault} (Firefox: the events alone)`, only: 'Firefox' },
];

export const pageLife = [
  ...offline('offline and online again: the line is probed and holds', {
    make: quiet,
    steps: async (line, tools) => {
      await line.until('open');
      await network[tools.name](tools, true);
      await line.use((socket) => socket.send('sent while offline'));
      assert.equal((await line.report()).state, 'open');
      line.mark();
      await network[tools.name](tools, false);
      await line.until('mark');
      await line.until('message');
    },
    events: ['open'],
  }),
  ...offline('black hole while offline: online finds it', {
    through: 'proxy',
    make: quiet,
    steps: async (line, tools) => {
      await line.until('open');
      await network[tools.name](tools, true);
      await tools.line.blackhole();
      line.mark();
      await network[tools.name](tools, false);
      const { delay } = await line.until('drop');
      assert.equal(delay, 0);
      await line.until('open', 2);
    },
    events: ['open', 'drop wake 1006 #1', 'open'],
  }),
  {
    fault: 'lost while offline (the events alone): dials when online, not before',
    through: 'proxy',
    make: quiet,
    steps: async (line, { browser, line: proxy }) => {
      await line.until('open');
      await browser.run(dispatch('offline'));
      await proxy.reset();
      await line.until('drop');
      assert.equal((await line.report()).state, 'offline');
      line.mark();
      await browser.run(dispatch('online'));
      await line.until('open', 2);
      const { states } = await line.report();
      assert.deepEqual(states, ['open', 'offline', 'waiting', 'connecting', 'open']);
    },
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'seen again (the event alone) while waiting: dials at once',
    through: 'proxy',
    make: quiet,
    steps: async (line, { browser, line: proxy }) => {
      await line.until('open');
      await proxy.reset();
      await line.until('drop');
      line.mark();
      await browser.run(dispatch('visibilitychange', 'document'));
      await line.until('open', 2);
    },
    events: ['open', 'drop close 1006 #1', 'open'],
  },
  {
    fault: 'resumed (Firefox freezes no page: the event alone): the line is probed and holds',
    only: 'Firefox',
    make: quiet,
    steps: async (line, { browser }) => {
      await line.until('open');
      line.mark();
      await browser.run(dispatch('resume', 'document'));
      await line.until('mark');
    },
    events: ['open'],
  },
  {
    fault:
      'back from the cache (Firefox caches no page with an open line: the event alone): the line is probed and holds',
    only: 'Firefox',
    make: quiet,
    steps: async (line, { browser }) => {
      await line.until('open');
      line.mark();
      await browser.run("() => void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
      await line.until('mark');
    },
    events: ['open'],
  },
];

const short = (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 } });

const freeze = async ({ browser }) => {
  await browser.send('Page.setWebLifecycleState', { state: 'frozen' });
};
const thaw = async (line, { browser }) => {
  line.mark();
  await browser.send('Page.setWebLifecycleState', { state: 'active' });
};
const leaveAndReturn = async (line, { browser, page }) => {
  await browser.goto(`${page}/elsewhere.html`);
  const back = browser.event('Page.frameNavigated');
  line.mark();
  await browser.run('() => history.back()');
  assert.equal((await back).type, 'BackForwardCacheRestore');
};

/** The trouble was this page's own: nobody else dials now, and there is nothing to wait for. */
const atOnce = async (line) => assert.equal((await line.until('drop')).delay, 0, 'the wait after a wake');

const REOPENED = ['open', 'drop close 1006 #1', 'open'];

/** To be run last: Chromium's protocol leaves a page that was frozen hidden for good. */
export const frozen = [
  {
    fault: 'frozen, which closes the line, and resumed',
    make: short,
    steps: async (line, tools) => {
      await line.until('open');
      await freeze(tools);
      await thaw(line, tools);
      await line.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'frozen, the line reset, resumed',
    through: 'proxy',
    make: short,
    steps: async (line, tools) => {
      await line.until('open');
      await freeze(tools);
      await tools.line.reset();
      await thaw(line, tools);
      await line.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'frozen and resumed: dialled at once',
    make: quiet,
    steps: async (line, tools) => {
      await line.until('open');
      await freeze(tools);
      await thaw(line, tools);
      await atOnce(line);
      await line.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'into the back/forward cache, which closes the line, and back',
    make: short,
    steps: async (line, tools) => {
      await line.until('open');
      await leaveAndReturn(line, tools);
      await line.until('open', 2);
    },
    events: REOPENED,
  },
  {
    fault: 'into the back/forward cache and back: dialled at once',
    make: quiet,
    steps: async (line, tools) => {
      await line.until('open');
      await leaveAndReturn(line, tools);
      await atOnce(line);
      await line.until('open', 2);
    },
    events: REOPENED,
  },
].map((row) => ({ ...row, only: 'Chromium' }));
