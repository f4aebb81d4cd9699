// The time from the import to the first echo in a fresh browser context, and the part of it in which the main thread compiles
// WebAssembly.

import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../scripts/lib/log.mjs';
import { besideFloor, connected, contenders, isUntyped, PLAIN, SESSION } from '../contenders/index.mjs';
import { inRounds, pick } from '../lib/rounds.mjs';

export const cold = {
  name: 'cold',
  async run(stage) {
    const names = connected.filter((name) => isUntyped(name) && besideFloor.includes(name));
    const plan = stage.quick ? { warmUp: 1, rounds: 5 } : { warmUp: 2, rounds: 12 };
    const samples = await inRounds(names, plan, (name) => first(stage, name));
    const ours = names.filter((name) => name.startsWith('undrop'));
    const hooked = await inRounds(ours, plan, (name) => first(stage, name, { query: { hooked: 1 } }));
    return [
      {
        title: 'import to first echo, cold page, over native',
        unit: 'ms',
        relation: 'difference',
        samples: pick(samples, 'time'),
        targets: { [PLAIN]: { most: 8 }, [SESSION]: { most: 12 } },
      },
      {
        title: 'of which the main thread compiles and instantiates',
        unit: 'ms',
        relation: 'value',
        samples: pick(hooked, 'compile'),
      },
    ];
  },
};

/** Returns the page's result. `watch`: called with a function that sends commands to the page's target, and one that measures. */
export async function first({ browser, pages, urlOf }, name, { query = {}, watch = (_, measure) => measure() } = {}) {
  const { browserContextId } = await browser.call('Target.createBrowserContext');
  const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, parameters = {}) => browser.call(method, parameters, sessionId);
  try {
    await send('Page.enable');
    const search = new URLSearchParams({ file: contenders[name].file, url: urlOf(name), ...query });
    const loaded = browser.event('Page.loadEventFired');
    await send('Page.navigate', { url: `${pages.url}/cold.html?${search}` });
    await loaded;
    await atRest(browser);
    return await watch(send, async () => {
      const parameters = { expression: 'measure()', awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await send('Runtime.evaluate', parameters);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    });
  } finally {
    await browser.call('Target.disposeBrowserContext', { browserContextId });
  }
}

/**
 * Waits until the browser's processes have rested for a moment. When a page was opened they go on with work that has nothing to do
 * with the page, on all cores of a small machine, and what a client does meanwhile takes longer.
 */
async function atRest(browser) {
  const [span, longest] = [100, 30_000];
  let last = 0;
  let rested = 0;
  for (let waited = 0; rested < 3; waited += span) {
    if (waited > longest) throw new Failure('The browser does not come to rest.');
    await pause(span);
    const { processInfo } = await browser.call('SystemInfo.getProcessInfo');
    const spent = processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0);
    // It is counted in steps of 10 ms, and is less when a process has ended.
    rested = Math.abs(spent - last) < 20 ? rested + 1 : 0;
    last = spent;
  }
}
