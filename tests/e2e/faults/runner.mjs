// Runs a row of the table of faults: in a page of a browser, against servers, through a proxy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lastingPort } from '../../../scripts/lib/ports.mjs';
import { browsers } from '../../support/browsers.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startFaultProxy } from '../../support/fault-proxy.mjs';
import { startPageServer } from '../../support/page-server.mjs';
import { startRawChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

const SCRIPT = `import { faults } from './e2e/faults/page.js'; globalThis.faults = faults;`;
const start = { Chromium: startRawChromium, Firefox: browsers.Firefox };
export const names = Object.keys(start);

export async function startRunner(name) {
  const [server, script] = [await startServer(), await bundle(SCRIPT)];
  const pages = {
    '/page.html':
      '<!doctype html><title>faults</title><body><script src="sockets.js"></script><script src="script.js"></script>',
    '/sockets.js': readFileSync(new URL('sockets.js', import.meta.url), 'utf8'),
    '/script.js': script,
    '/elsewhere.html': '<!doctype html><title>elsewhere</title>',
  };
  const pageServer = await startPageServer({ pages, upgrades: server.url });
  const browser = await start[name]();
  await browser.goto(`${pageServer.url}/page.html`);
  let rows = 0;
  return {
    /** Runs one row; returns `{ events, ms }`: the socket's events, and the milliseconds to recovery. */
    run: (row) => run(row, { name, browser, server, page: pageServer.url, id: `${name}-${++rows}` }),
    async stop() {
      await browser.quit();
      await Promise.all([pageServer.stop(), server.stop()]);
    },
  };
}

async function run(row, setting) {
  const tools = new Tools(setting);
  const socket = new PageSocket(setting);
  try {
    const url = row.through ? (await tools.start(row.through, row.orders)).url : setting.server.url;
    await socket.call('watch', row.make ?? echoes, { url, ...(await tools.env()), ...row.with });
    await row.steps(socket, tools);
    const report = await socket.report();
    const seen = report.events;
    const events = typeof row.events === 'function' ? row.events({ name: setting.name, seen }) : row.events;
    assert.deepEqual(report.events, events);
    check(row, report);
    await socket.call('end');
    await checkCounts(row, socket, report, tools);
    return { events: report.events, ms: recovery(report, socket.faultAt) };
  } finally {
    // A socket that goes on connecting would disturb the rows after it.
    await socket.call('end').catch(() => {});
    await tools.stop();
  }
}

/** A socket to an echoing server. */
const echoes = (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 } });

/** What holds of every socket: each event comes in its state, and there was never more than one live native socket. */
function check({ states: others }, { fired, most }) {
  const states = {
    open: ['open'],
    drop: ['waiting', 'offline', 'connecting'],
    error: ['closed', 'closing'],
    close: ['closed'],
    ...others,
  };
  for (const { type, state } of fired)
    if (states[type]) assert.ok(states[type].includes(state), `${type} while ${state}`);
  assert.ok(most <= 1, `${most} native sockets were live at once`);
}

/** Nothing was opened twice: the counts of the socket, of the browser and of the server are equal. */
async function checkCounts(row, socket, before, tools) {
  const { stats, made } = await socket.report();
  const opens = before.fired.filter(({ type }) => type === 'open').length;
  assert.equal(stats.opens, opens, 'opens that the socket has counted');
  assert.equal(made, row.sockets ?? stats.attempts, 'native sockets that the browser made');
  if (row.handshakes === 'any') return;
  const { handshakes } = await tools.counted.stats(socket.id);
  assert.equal(handshakes, row.handshakes ?? opens, 'handshakes that the server has counted');
}

/** The milliseconds from the fault to the last `open` or `close`. */
function recovery({ fired }, faultAt) {
  const last = fired.findLast(({ type }) => type === 'open' || type === 'close');
  return faultAt && last ? Math.max(0, Math.round(last.at - faultAt)) : undefined;
}

/** The socket in the page, controlled from here. */
class PageSocket {
  constructor({ browser, id }) {
    Object.assign(this, { browser, id });
  }

  call(name, ...args) {
    const [id, texts] = [
      JSON.stringify(this.id),
      args.map((arg) => JSON.stringify(typeof arg === 'function' ? `${arg}` : arg)),
    ];
    return this.browser.run(`() => faults.${name}(${[id, ...texts].join()})`);
  }

  until(type, count = 1) {
    return this.call('until', type, count);
  }

  /** Calls `use(socket, …more)` in the page. */
  use(use, ...more) {
    return this.call('use', use, ...more);
  }

  /** The same, and it is the fault: the time to recovery is counted from here. A text is sent. */
  async inject(use, ...more) {
    this.faultAt = Date.now();
    return typeof use === 'string' ? this.use((socket, data) => socket.send(data), use) : this.use(use, ...more);
  }

  /** The fault happens now. */
  mark() {
    this.faultAt = Date.now();
  }

  report() {
    return this.call('report');
  }
}

/** What a row may need beside the shared server. All of it is stopped after the row. */
class Tools {
  #stops = [];

  constructor({ name, browser, server, page }) {
    Object.assign(this, { name, browser, page, counted: server });
  }

  start(what, orders = []) {
    return what === 'proxy' ? this.startProxy(orders) : this.startServer();
  }

  /** A server for this row alone, which may be started again at the same address. */
  async startServer(port) {
    const server = await startServer(port ?? (await lastingPort()));
    this.#stops.push(() => server.stop());
    this.own = this.counted = server;
    return server;
  }

  /** A proxy before the server, with orders for all connections. */
  async startProxy(orders) {
    this.proxy = await startFaultProxy(this.counted.url);
    this.#stops.push(() => this.proxy.stop());
    for (const order of orders) await this.proxy.order(order);
    return this.proxy;
  }

  async env() {
    return { closed: `ws://127.0.0.1:${await lastingPort()}` };
  }

  async stop() {
    for (const stop of this.#stops.reverse()) await stop();
  }
}
