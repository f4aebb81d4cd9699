// Closed sockets leave nothing in the memory of JavaScript, wasm or the browser. An open socket that nobody can reach is closed.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { browsers } from '../support/browsers.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';

const SOCKETS = 1000;
const BATCH = 100;
const WARM_UP = 300;
// One leaked closure or wrapper a socket is 100 bytes or more, so 100 kB in total. Less than that is the browser's own:
// caches, and code that was compiled meanwhile.
const HEAP_SLACK = 64 * 1024;

// Keeps the instance of the module: its memory and tables are not reachable otherwise.
const hook = `
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    globalThis.wasm = instance.exports;
    return instance;
  };
  // By their class: the build shortens the names of exports.
  globalThis.sizes = (Kind, size) => Object.values(wasm).filter((one) => one instanceof Kind).map(size);`;

const script = `
  import { Undrop } from '../dist/index.js';

  globalThis.Undrop = Undrop;

  // Opens, talks, closes, with every kind of listener, as a page would.
  const life = (url, options) => new Promise((resolve, reject) => {
    const socket = new Undrop(url, [], options);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(new Uint8Array([1, 2, 3]));
    socket.onmessage = ({ data }) => socket.close(1000, String(data.byteLength));
    socket.onerror = () => reject(new Error('a connection failed'));
    socket.addEventListener('close', () => resolve(), { once: true });
    socket.addEventListener('message', { handleEvent() {} });
  });

  // A few at a time: Chromium delays attempts when many are under way.
  globalThis.lives = async (url, count, options) => {
    for (let done = 0; done < count; done += 4) {
      await Promise.all([...Array(4)].map(() => life(url, options)));
    }
  };`;

describe('Chromium', () => {
  let server;
  let pages;
  let browser;
  let devtools;

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
    devtools = await browser.page.context().newCDPSession(browser.page);
    await devtools.send('Performance.enable');
  });
  after(async () => {
    await browser?.quit();
    await pages?.stop();
    await server?.stop();
  });

  for (const [which, options] of Object.entries({ 'by default': undefined, 'without retry': { retry: false } })) {
    it(`${SOCKETS} sockets are made and closed, and leave nothing in memory: ${which}`, async () => {
      await browser.goto(`${pages.url}/page.html`);
      await live(WARM_UP, options);
      const warm = await measure();
      await live(SOCKETS, options);
      const end = await measure();
      console.log(`after ${WARM_UP} sockets:`, JSON.stringify(warm));
      console.log(`after ${SOCKETS} more:`, JSON.stringify(end));

      assert.ok(end.heap - warm.heap < HEAP_SLACK, `the heap grew by ${end.heap - warm.heap} bytes`);
      assert.equal(warm.wasmMemory.length, 1, 'there is one memory to look at');
      assert.deepEqual(end.wasmMemory, warm.wasmMemory, 'the memory of wasm grew');
      assert.deepEqual(end.wasmTables, warm.wasmTables, 'a table of wasm grew');
      assert.ok(end.listeners <= warm.listeners, `${end.listeners - warm.listeners} more listeners`);
      assert.equal(end.nativeSockets, 0, 'native sockets are alive');
      assert.equal(end.sockets, 0, 'sockets of ours are alive');
    });
  }

  it('an open socket that the page has no reference to is collected and closed', async () => {
    await browser.goto(`${pages.url}/page.html`);
    await browser.run('(url) => { new Undrop(url); }', `${server.url}/echo?id=forgotten`);
    await stats('forgotten', ({ open }) => open === 1);
    const { max_open } = await stats('forgotten', ({ open }) => open === 0);
    assert.equal(max_open, 1);
  });

  it('one whose listeners were all removed is collected and closed too', async () => {
    await browser.goto(`${pages.url}/page.html`);
    const forget = `(url) => new Promise((resolve) => {
      const socket = new Undrop(url);
      socket.onopen = () => {
        socket.onopen = null;
        resolve();
      };
    })`;
    await browser.run(forget, `${server.url}/echo?id=unheard`);
    await stats('unheard', ({ open }) => open === 0);
  });

  it('one without a reference that has a message listener lives', async () => {
    await browser.goto(`${pages.url}/page.html`);
    const listen = `(url) => {
      globalThis.received = new Promise((resolve) => {
        new Undrop(url).onmessage = ({ data }) => data === 'last' && resolve(data);
      });
    }`;
    await browser.run(listen, `${server.url}/push?count=3&interval=100&id=listening`);
    await stats('listening', ({ messages_out }) => messages_out >= 3);
    for (let n = 0; n < 3; n++) await devtools.send('HeapProfiler.collectGarbage');
    assert.equal((await stats('listening')).open, 1);
  });

  /** In batches with a collection after each: what was freed is used again, so the memory shows what was not. */
  async function live(count, options) {
    for (let done = 0; done < count; done += BATCH) {
      await browser.run('(...args) => lives(...args)', `${server.url}/echo`, BATCH, ...(options ? [options] : []));
      await collect();
    }
  }

  /** Weak references are cleared in one collection and finalizers run after it, so what they held goes in the next. */
  async function collect() {
    for (let n = 0; n < 3; n++) {
      await devtools.send('HeapProfiler.collectGarbage');
      await browser.run('() => new Promise((resolve) => setTimeout(resolve))');
    }
  }

  async function measure() {
    await collect();
    const { metrics } = await devtools.send('Performance.getMetrics');
    const metric = (name) => metrics.find((entry) => entry.name === name).value;
    return {
      heap: metric('JSHeapUsedSize'),
      listeners: metric('JSEventListeners'),
      nativeSockets: await countInstances('WebSocket'),
      sockets: await countInstances('Undrop'),
      ...(await browser.run(`() => ({
        wasmMemory: sizes(WebAssembly.Memory, ({ buffer }) => buffer.byteLength),
        wasmTables: sizes(WebAssembly.Table, ({ length }) => length),
      })`)),
    };
  }

  async function countInstances(name) {
    const { result } = await devtools.send('Runtime.evaluate', { expression: `${name}.prototype` });
    const { objects } = await devtools.send('Runtime.queryObjects', { prototypeObjectId: result.objectId });
    const { result: count } = await devtools.send('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      // The prototype of a class that extends it is found too, and is no socket.
      functionDeclaration: `function () { return this.filter((one) => !Object.hasOwn(one, 'constructor')).length }`,
      returnByValue: true,
    });
    for (const { objectId } of [result, objects]) await devtools.send('Runtime.releaseObject', { objectId });
    return count.value;
  }

  /** What the server counts for `id`, once that holds; the page's garbage is collected between two looks. */
  async function stats(id, holds = () => true) {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const answer = await (await fetch(`${server.url.replace('ws', 'http')}/stats?id=${id}`)).json();
      if (holds(answer)) return answer;
      if (Date.now() > deadline) assert.fail(`the server still counts ${JSON.stringify(answer)}`);
      await devtools.send('HeapProfiler.collectGarbage');
      await browser.run('() => new Promise((resolve) => setTimeout(resolve, 20))');
    }
  }
});
