// Reconnects sockets in one page thousands of times, and measures what stays in memory.

import assert from 'node:assert/strict';
import { bundle } from '../../support/bundle.mjs';
import { startPageServer } from '../../support/page-server.mjs';
import { startRawChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

/** After so many reconnects the engine has compiled and cached what it will. */
const WARM_UP = 1_000;
const STEP = 1_000;
const SOCKETS = 4;
/** What the heap may gain, which is less than 100 bytes a reconnect: the least thing with a listener costs more. */
const HEAP_SLACK = 200_000;
/** With fewer, that slack would prove nothing. */
const LEAST = 2_000;

const SCRIPT = `
  import { Undrop } from '../dist/index.js';
  const sockets = [];
  let fired = 0;
  const opened = (socket) => new Promise((resolve) => {
    socket.onopen = resolve;
  });
  globalThis.start = (url, count) => {
    for (let index = 0; index < count; index++) {
      const socket = new Undrop(url, [], { heartbeat: { interval: 1_000, message: 'ping', reply: 'ping' } });
      for (const type of ['message', 'drop', 'close', 'statechange']) socket.addEventListener(type, () => fired++);
      sockets.push(socket);
    }
    return Promise.all(sockets.map(opened));
  };
  globalThis.reconnect = (times) => Promise.all(sockets.map(async (socket) => {
    for (let time = 0; time < times / sockets.length; time++) {
      socket.reconnect();
      await opened(socket);
    }
  }));`;

/**
 * Reconnects so often, or until it took `enough` milliseconds; prints the figures on the way and asserts that they are
 * flat. `buildPrograms` must have been called.
 */
export async function reconnectWithoutLeak({ reconnects, enough = Number.POSITIVE_INFINITY }) {
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
    await browser.run('(url, count) => start(url, count).then(() => {})', `${server.url}/echo?id=leaks`, SOCKETS);
    await browser.run('(times) => reconnect(times).then(() => {})', WARM_UP);
    const first = await measure(browser);
    print('reconnects', ...Object.keys(first), 'ms each');
    print(WARM_UP, ...Object.values(first), '');
    let [last, done, spent] = [first, 0, 0];
    while (done < LEAST || (done < reconnects && spent < enough)) {
      const begun = performance.now();
      await browser.run('(times) => reconnect(times).then(() => {})', STEP);
      const took = performance.now() - begun;
      spent += took;
      done += STEP;
      last = await measure(browser);
      print(WARM_UP + done, ...Object.values(last), (took / STEP).toFixed(2));
    }

    assert.ok(last.heap - first.heap < HEAP_SLACK, `the heap has gained ${last.heap - first.heap} bytes`);
    assert.equal(last.wasm, first.wasm, 'wasm memory');
    assert.equal(last.listeners, first.listeners, 'listeners');
    assert.equal(last.sockets, SOCKETS, 'native sockets');
    const { handshakes, open } = await server.stats('leaks');
    assert.deepEqual({ handshakes, open }, { handshakes: SOCKETS + WARM_UP + done, open: SOCKETS });
  } finally {
    await browser.quit();
    await Promise.all([pageServer.stop(), server.stop()]);
  }
}

const print = (...cells) => console.log(cells.map((cell) => String(cell).padStart(11)).join(''));

/** What is in memory after garbage collection. */
async function measure({ send }) {
  // A socket is garbage once its close event was fired, which may be later than the open event of the next one.
  let all = await live(send, 'WebSocket.prototype');
  for (let tries = 0; all.length > SOCKETS && tries < 50; tries++) all = await live(send, 'WebSocket.prototype');
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

/** The live objects of a class, each as what `shown` returns. */
async function live(send, prototype, shown = 'socket => socket.readyState') {
  for (let times = 0; times < 2; times++) await send('HeapProfiler.collectGarbage');
  const { result } = await send('Runtime.evaluate', { expression: prototype });
  const { objects } = await send('Runtime.queryObjects', { prototypeObjectId: result.objectId });
  const call = { objectId: objects.objectId, functionDeclaration: `function () { return [...this].map(${shown}); }` };
  const { result: list } = await send('Runtime.callFunctionOn', { ...call, returnByValue: true });
  for (const { objectId } of [result, objects]) await send('Runtime.releaseObject', { objectId });
  return list.value;
}
