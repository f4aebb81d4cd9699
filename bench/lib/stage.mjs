// What the rows run on: a browser, the pages, and the contenders' servers.

import { join } from 'node:path';
import { Failure } from '../../scripts/lib/log.mjs';
import { target } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { startRawChromium } from '../../tests/e2e/faults/chromium.mjs';
import { contenders } from '../contenders/index.mjs';
import { startPages } from './pages.mjs';
import { startProgram } from './program.mjs';

export const serverProgram = join(target, 'release/undrop-bench-server');

export const buildServer = () => run('cargo', ['build', '--quiet', '--release', '-p', 'undrop-bench-server']);

/** Starts the program with the limit of open files raised, as each connection is one. */
export const startUnlimited = (args) =>
  startProgram('sh', ['-c', 'ulimit -n "$(ulimit -Hn)" && exec "$@"', 'sh', serverProgram, ...args]);

export async function setStage({ quick }) {
  const pages = await startPages();
  const rust = startProgram(serverProgram, []);
  const node = startProgram(process.execPath, ['bench/socket.io-server.mjs']);
  const [url, nodeUrl] = [await address(rust), await address(node)];
  const urls = {
    plain: `${url}/talk`,
    session: `${url}/session`,
    centrifuge: `${url}/centrifuge`,
    'socket.io': nodeUrl,
  };
  // The Network domain stays disabled, as it makes an event of each frame.
  const browser = await startRawChromium('--js-flags=--expose-gc');
  return {
    quick,
    browser,
    pages,
    /** The URL of a contender's server. */
    urlOf: (name) => urls[contenders[name].kind],
    /** Opens a fresh page, and loads these contenders. */
    async page(names, { synthetic = false } = {}) {
      await browser.goto(`${pages.url}/row.html`);
      if (synthetic) await browser.run('() => bench.makeSynthetic()');
      for (const name of names) await this.call('load', name, contenders[name].file);
    },
    /** Opens a fresh page, and loads and connects these contenders. */
    async connect(names) {
      await this.page(names);
      for (const name of names) await this.call('connect', name, this.urlOf(name));
    },
    /** Calls a function of the page's `bench`. */
    call: (what, ...args) => within(browser.run(`(...args) => bench.${what}(...args)`, ...args), what, args),
    /** Stops all of them. */
    async strike() {
      await browser.quit();
      await Promise.all([pages.stop(), rust.stop(), node.stop()]);
    },
  };
}

/** The longest that a call may take, in milliseconds. */
const TIMEOUT = 5 * 60_000;

/** Fails with the name of a call that never ends. */
async function within(call, what, args) {
  let timer;
  const limit = new Promise((_, reject) => {
    const error = new Failure(`${what}(${JSON.stringify(args).slice(1, -1)}) in the page does not end`);
    timer = setTimeout(() => reject(error), TIMEOUT);
  });
  try {
    return await Promise.race([call, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const address = async (program) => (await program.line()).match(/^listening (ws:\/\/\S+)$/)[1];
