// Ten thousand reconnects in one page, and nothing of them is left: no heap, no wasm memory, no listeners, no sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestServer } from '../../scripts/lib/test-server.mjs';
import { bundle } from '../support/bundle.mjs';
import { startPageServer } from '../support/page-server.mjs';
import { startRawChromium } from './faults/chromium.mjs';
import { startServer } from './faults/server.mjs';

const RECONNECTS = 10_000;
/** After so many the engine has compiled and cached what it will. */
const WARM_UP = 1_000;
const STEPS = 5;
/** What a heap of this size may gain: 20 bytes a reconnect, where the least object costs more. */
const HEAP_SLACK = 200_000;

const SCRIPT = `
  import { Undrop } from '../dist/index.js';
  globalThis.start = (url) => new Promise((resolve) => {
    globalThis.socket = new Undrop(url, [], { heartbeat: { interval: 1_000, message: 'ping', reply: 'ping' } });
    globalThis.heard = 0;
    for (const type of ['message', 'drop', 'close', 'statechange']) socket.addEventListener(type, () => heard++);
    socket.onopen = () => resolve();
  });
  globalThis.reconnect = async (times) => {
    for (let time = 0; time < times; time++) {
      await new Promise((resolve) => {
        socket.onopen = resolve;
        socket.reconnect();
      });
    }
  };`;

test(`${RECONNECTS} reconnects in one page leave nothing behind`, { timeout: 300_000 }, async () => {
  await buildTestServer();
  const server = await startServer();
  const pages = {
    '/page.html': '<!doctype html><title>leaks</title><body><script src="script.js"></script>',
    '/script.js': await bundle(SCRIPT),
  };
  const pageServer = await startPageServer({ pages, upgrades: server.url });
  const browser = await startRawChromium();
  try {
    await browser.goto(`${pageServer.url}/page.html`);
    await browser.send('Performance.enable');
    await browser.run('(url) => start(url)', `${server.url}/echo?id=leaks`);
    await browser.run('(times) => reconnect(times)', WARM_UP);
    const first = await measure(browser);
    print('reconnects', ...Object.keys(first), 'ms each');
    print(WARM_UP, ...Object.values(first), '');
    let last;
    for (let step = 1; step <= STEPS; step++) {
      const begun = performance.now();
      await browser.run('(times) => reconnect(times)', RECONNECTS / STEPS);
      const each = ((performance.now() - begun) / (RECONNECTS / STEPS)).toFixed(2);
      last = await measure(browser);
      print(WARM_UP + (step * RECONNECTS) / STEPS, ...Object.values(last), each);
    }

    assert.ok(last.heap - first.heap < HEAP_SLACK, `the heap has gained ${last.heap - first.heap} bytes`);
    assert.equal(last.wasm, first.wasm, 'wasm memory');
    assert.equal(last.listeners, first.listeners, 'listeners');
    assert.equal(last.sockets, 1, 'sockets of the browser');
    const { handshakes, open } = await server.stats('leaks');
    assert.deepEqual({ handshakes, open }, { handshakes: 1 + WARM_UP + RECONNECTS, open: 1 });
  } finally {
    await browser.quit();
    await Promise.all([pageServer.stop(), server.stop()]);
  }
});

const print = (...cells) => console.log(cells.map((cell) => String(cell).padStart(11)).join(''));

/** What is left once the garbage is gone. */
async function measure({ send }) {
  // A socket is garbage once its close event was fired, which may be later than the open event of the next one.
  let all = await live(send, 'WebSocket.prototype');
  for (let tries = 0; all.length > 1 && tries < 50; tries++) all = await live(send, 'WebSocket.prototype');
  const memories = await live(send, 'WebAssembly.Memory.prototype', 'memory => memory.buffer.byteLength');
  const { metrics } = await send('Performance.getMetrics');
  const { usedSize } = await send('Runtime.getHeapUsage');
  return {
    heap: usedSize,
    wasm: memories.reduce((sum, bytes) => sum + bytes, 0),
    listeners: metrics.find(({ name }) => name === 'JSEventListeners').value,
    sockets: all.length,
  };
}

/** What there is of a class, each as `shown`. */
async function live(send, prototype, shown = 'socket => socket.readyState') {
  for (let times = 0; times < 2; times++) await send('HeapProfiler.collectGarbage');
  const { result } = await send('Runtime.evaluate', { expression: prototype });
  const { objects } = await send('Runtime.queryObjects', { prototypeObjectId: result.objectId });
  const call = { objectId: objects.objectId, functionDeclaration: `function () { return [...this].map(${shown}); }` };
  const { result: list } = await send('Runtime.callFunctionOn', { ...call, returnByValue: true });
  for (const { objectId } of [result, objects]) await send('Runtime.releaseObject', { objectId });
  return list.value;
}
