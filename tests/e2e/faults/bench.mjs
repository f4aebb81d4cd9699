// The bench on which a row of the table is run: a page in a browser, servers, and a line between them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { browsers } from '../../support/browsers.mjs';
import { bundle } from '../../support/bundle.mjs';
import { startFaultProxy } from '../../support/fault-proxy.mjs';
import { closedPort, startPageServer } from '../../support/page-server.mjs';
import { startRawChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

const SCRIPT = `import { faults } from './e2e/faults/page.js'; globalThis.faults = faults;`;
const start = { Chromium: startRawChromium, Firefox: browsers.Firefox };
export const names = Object.keys(start);

export async function startBench(name) {
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
    /** Runs one row; gives `{ events, ms }`, what the line told and the milliseconds to recovery. */
    run: (row) => run(row, { name, browser, server, page: pageServer.url, id: `${name}-${++rows}` }),
    async stop() {
      await browser.quit();
      await Promise.all([pageServer.stop(), server.stop()]);
    },
  };
}

async function run(row, bench) {
  const tools = new Tools(bench);
  const line = new Line(bench);
  try {
    const url = row.through ? (await tools[row.through](...(row.orders ?? []))).url : bench.server.url;
    await line.call('watch', row.make ?? echoes, { url, ...(await tools.env()), ...row.with });
    await row.steps(line, tools);
    const report = await line.report();
    const seen = report.events;
    const events = typeof row.events === 'function' ? row.events({ name: bench.name, seen }) : row.events;
    assert.deepEqual(report.events, events);
    check(row, report);
    await line.call('end');
    await checkCounts(row, line, report, tools);
    return { events: report.events, ms: recovery(report, line.injured) };
  } finally {
    // A line that goes on dialling would disturb the rows after it.
    await line.call('end').catch(() => {});
    await tools.stop();
  }
}

/** A line to an echoing server. */
const echoes = (Undrop, { at }) => new Undrop(at('/echo'), [], { retry: { first: 100, cap: 500 } });

/** What holds of every line: each event comes in its state, and there was never more than one socket. */
function check({ states: others }, { told, most }) {
  const states = {
    open: ['open'],
    drop: ['waiting', 'offline', 'connecting'],
    error: ['closed', 'closing'],
    close: ['closed'],
    ...others,
  };
  for (const { type, state } of told)
    if (states[type]) assert.ok(states[type].includes(state), `${type} while ${state}`);
  assert.ok(most <= 1, `${most} sockets lived at once`);
}

/** Nothing was opened twice: what the page counts, what the browser made and what the server saw are one number. */
async function checkCounts(row, line, before, tools) {
  const { stats, made } = await line.report();
  const opens = before.told.filter(({ type }) => type === 'open').length;
  assert.equal(stats.opens, opens, 'opens that the line has counted');
  assert.equal(made, row.sockets ?? stats.dials, 'sockets that the browser made');
  if (row.handshakes === 'any') return;
  const { handshakes } = await tools.counted.stats(line.id);
  assert.equal(handshakes, row.handshakes ?? opens, 'handshakes that the server has counted');
}

/** From the injury to the last time that the line opened, or ended. */
function recovery({ told }, injured) {
  const last = told.findLast(({ type }) => type === 'open' || type === 'close');
  return injured && last ? Math.max(0, Math.round(last.at - injured)) : undefined;
}

/** The page's line, from here. */
class Line {
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

  /** The same, and it is the injury. */
  async injure(use, ...more) {
    this.injured = Date.now();
    return typeof use === 'string' ? this.use((socket, data) => socket.send(data), use) : this.use(use, ...more);
  }

  mark() {
    this.injured = Date.now();
  }

  report() {
    return this.call('report');
  }
}

/** What a row may need beside the bench's own server; all of it is gone after the row. */
class Tools {
  #stops = [];

  constructor({ name, browser, server, page }) {
    Object.assign(this, { name, browser, page, counted: server });
  }

  /** A server for this row alone. */
  async server(port) {
    const server = await startServer(port);
    this.#stops.push(() => server.stop());
    this.own = this.counted = server;
    return server;
  }

  /** A proxy before the server, with what it is to do to all lines. */
  async proxy(...orders) {
    this.line = await startFaultProxy(this.counted.url);
    this.#stops.push(() => this.line.stop());
    for (const order of orders) await this.line.order(order);
    return this.line;
  }

  async env() {
    return { closed: `ws://127.0.0.1:${await this.closedPort()}` };
  }

  async closedPort() {
    this.port ??= await closedPort();
    return this.port;
  }

  async stop() {
    for (const stop of this.#stops.reverse()) await stop();
  }
}
