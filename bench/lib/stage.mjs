// The stage on which the rows play: a browser, the pages, and the contenders' servers.

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

export async function setStage({ quick }) {
  const pages = await startPages();
  const rust = startProgram(serverProgram, []);
  const node = startProgram(process.execPath, ['bench/socket.io-server.mjs']);
  const [url, nodeUrl] = [await address(rust), await address(node)];
  const features = await (await fetch(`${url.replace('ws', 'http')}/features`)).json();
  // No domain of the protocol is enabled that would tell of each frame.
  const browser = await startRawChromium('--js-flags=--expose-gc');
  return {
    quick,
    browser,
    pages,
    features,
    /** Where a contender's server is. */
    urlOf: (name) => (contenders[name].kind === 'socket.io' ? nodeUrl : `${url}/talk`),
    /** Who of those can take part, and why the others can't. */
    cast: (names) => {
      const skipped = names.filter((name) => contenders[name].feature && !features.includes(contenders[name].feature));
      return {
        names: names.filter((name) => !skipped.includes(name)),
        skipped: Object.fromEntries(skipped.map((name) => [name, `not in this build: ${contenders[name].feature}`])),
      };
    },
    /** A fresh page with these contenders in it. */
    async page(names, { synthetic = false } = {}) {
      await browser.goto(`${pages.url}/row.html`);
      if (synthetic) await browser.run('() => bench.makeSynthetic()');
      const { names: possible, skipped } = this.cast(names);
      const loaded = [];
      for (const name of possible) {
        const missing = await this.call('load', name, contenders[name].file);
        if (missing === undefined) loaded.push(name);
        else skipped[name] = `not in this build: ${missing}`;
      }
      return { names: loaded, skipped };
    },
    /** Calls a function of the page's `bench`. */
    call: (what, ...args) => within(browser.run(`(...args) => bench.${what}(...args)`, ...args), what, args),
    async strike() {
      await browser.quit();
      await Promise.all([pages.stop(), rust.stop(), node.stop()]);
    },
  };
}

/** The longest that any call may take. */
const PATIENCE = 5 * 60_000;

/** A call that comes to no end is told by its name, and not by a run that never ends. */
async function within(call, what, args) {
  let timer;
  const limit = new Promise((_, reject) => {
    const error = new Failure(`${what}(${JSON.stringify(args).slice(1, -1)}) in the page comes to no end`);
    timer = setTimeout(() => reject(error), PATIENCE);
  });
  try {
    return await Promise.race([call, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const address = async (program) => (await program.line()).match(/^listening (ws:\/\/\S+)$/)[1];
