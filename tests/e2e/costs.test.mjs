// What a message costs, counted and not timed: at most one crossing into WebAssembly, no timer, no object of the browser's,
// and nothing that the core would have to remember of it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';

const MESSAGES = 5_000;
/** What the core may write on for as many messages as there are: its counts, its flags and what its stack last held. */
const SCRATCH = 64;

// Counts what passes between JavaScript and WebAssembly, in both directions, and what the library makes. What a timer
// does is counted apart: it is not for a message.
const hook = `
  const none = () => ({ crossings: 0, timers: 0, made: 0 });
  let counts = { message: none(), timer: none() };
  let inTimer = false;
  const count = (what) => counts[inTimer ? 'timer' : 'message'][what]++;
  const counted = (what, call) => function (...args) {
    count(what);
    return call.apply(this, args);
  };
  const each = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
  const crossing = (value) => (typeof value === 'function' ? counted('crossings', value) : value);

  const { Instance } = WebAssembly;
  let memory;
  WebAssembly.Instance = function (module, imports) {
    const { exports } = new Instance(module, each(imports, (names) => each(names, crossing)));
    memory = Object.values(exports).find((one) => one instanceof WebAssembly.Memory);
    return { exports: each(exports, crossing) };
  };
  for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback', 'queueMicrotask']) {
    const original = globalThis[name];
    globalThis[name] = counted('timers', (callback, ...more) => original(() => {
      inTimer = true;
      try {
        callback();
      } finally {
        inTimer = false;
      }
    }, ...more));
  }
  for (const name of ['Event', 'MessageEvent', 'Blob', 'WeakRef', 'Promise'])
    globalThis[name] = new Proxy(globalThis[name], {
      construct(...args) {
        count('made');
        return Reflect.construct(...args);
      },
    });

  /** What was counted since the last call. */
  globalThis.take = () => {
    const taken = counts;
    counts = { message: none(), timer: none() };
    return taken;
  };
  globalThis.remember = () => new Uint8Array(memory.buffer).slice();
  /** How many bytes of the core's memory are others than they were, or undefined if it has grown. */
  globalThis.changed = (before) => {
    const now = new Uint8Array(memory.buffer);
    if (now.length === before.length) return now.reduce((sum, byte, at) => sum + (byte !== before[at]), 0);
  };`;

const script = `
  import { Undrop } from '../dist/index.js';

  /** How a page listens: each gets the socket and what to call. */
  const listening = {
    'a handler': (socket, heard) => (socket.onmessage = heard),
    'a listener': (socket, heard) => socket.addEventListener('message', heard),
    'the last of three listeners': (socket, heard) => {
      for (let n = 0; n < 2; n++) socket.addEventListener('message', () => {});
      socket.addEventListener('message', heard);
    },
  };

  /** Whether the instruments see anything is seen by these. */
  setTimeout(() => {});
  new Event('seen');

  /** Hears so many messages twice, and gives what was counted in the second half. */
  globalThis.receive = (url, messages, how, options) => new Promise((resolve) => {
    const socket = new Undrop(url, [], options);
    let heard = 0;
    let before;
    let first;
    listening[how](socket, () => {
      heard++;
      if (heard === messages) {
        before = remember();
        first = take();
      } else if (heard === 2 * messages) {
        resolve({ ...take(), first, changed: changed(before), messagesIn: socket.stats.messagesIn });
        socket.close();
      }
    });
  });

  /** Sends so many messages twice, and gives what was counted in the second half. */
  globalThis.send = (url, messages, options) => new Promise((resolve) => {
    const socket = new Undrop(url, [], options);
    socket.onopen = () => {
      for (let n = 0; n < messages; n++) socket.send('x');
      const before = remember();
      const first = take();
      for (let n = 0; n < messages; n++) socket.send('x');
      resolve({ ...take(), first, changed: changed(before) });
      socket.close();
    };
  });`;

const heartbeat = { interval: 60_000, message: 'ping', reply: 'pong' };
const lines = { 'by default': {}, 'without retry': { retry: false }, 'with a heartbeat': { heartbeat } };

describe('Chromium', () => {
  let server;
  let pages;
  let browser;

  before(async () => {
    server = await startTestServer();
    pages = await startPageServer({
      pages: {
        '/page.html': '<!doctype html><script src="hook.js"></script><script src="script.js"></script>',
        '/hook.js': hook,
        '/script.js': await bundle(script),
      },
      upgrades: server.url,
    });
    browser = await browsers.Chromium();
  });
  after(async () => {
    await browser?.quit();
    await pages?.stop();
    await server?.stop();
  });

  for (const [which, options] of Object.entries(lines)) {
    for (const how of ['a handler', 'a listener', 'the last of three listeners']) {
      it(`a message that ${how} hears crosses at most once and leaves nothing, ${which}`, async () => {
        await browser.goto(`${pages.url}/page.html`);
        const url = `${server.url}/push?count=${2 * MESSAGES}&size=100`;
        const found = await browser.run('(...args) => receive(...args)', url, MESSAGES, how, options);
        assert.equal(found.messagesIn, 2 * MESSAGES, 'the core has counted them');
        check(found);
      });
    }

    it(`a message that is sent crosses at most once and leaves nothing, ${which}`, async () => {
      await browser.goto(`${pages.url}/page.html`);
      const url = `${server.url}/echo`;
      check(await browser.run('(...args) => send(...args)', url, MESSAGES, options));
    });
  }
});

function check({ message: { crossings, timers, made }, first, changed }) {
  for (const [what, count] of Object.entries(first.message)) assert.ok(count > 0, `the instruments see no ${what}`);
  assert.ok(crossings <= MESSAGES, `${crossings} crossings for ${MESSAGES} messages`);
  assert.equal(timers, 0, 'timers that were set');
  assert.equal(made, 0, 'objects of the browser that were made');
  assert.notEqual(changed, undefined, 'the memory of wasm grew');
  assert.ok(changed <= SCRATCH, `${changed} bytes of the memory of wasm changed`);
}
