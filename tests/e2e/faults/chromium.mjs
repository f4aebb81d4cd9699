// Chromium over its own protocol and nothing between: Playwright keeps pages visible and disables the back/forward
// cache, so it cannot show what a page goes through.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumArgs, findChromium } from '../../../scripts/lib/browsers.mjs';
import { finished, start } from '../../../scripts/lib/run.mjs';

/** As in `browsers.mjs`, with `send(method, parameters)` for the protocol and `event(method)` for its next event. */
export async function startRawChromium(...more) {
  const profile = mkdtempSync(join(tmpdir(), 'undrop-chromium-'));
  const program = findChromium();
  const args = [...chromiumArgs(), ...more, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
  const child = start(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const gone = finished(child, program);
  const { call, event } = protocol(child.stdio[3], child.stdio[4]);

  const { targetInfos } = await call('Target.getTargets');
  const page =
    targetInfos.find(({ type }) => type === 'page') ?? (await call('Target.createTarget', { url: 'about:blank' }));
  const { sessionId } = await call('Target.attachToTarget', { targetId: page.targetId, flatten: true });
  const send = (method, parameters) => call(method, parameters, sessionId);
  await send('Page.enable');

  return {
    send,
    call,
    event,
    async goto(url) {
      const loaded = event('Page.loadEventFired');
      await send('Page.navigate', { url });
      await loaded;
    },
    async run(source, ...args) {
      const expression = `(${source})(...${JSON.stringify(args)})`;
      const parameters = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
      const { result, exceptionDetails } = await send('Runtime.evaluate', parameters);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    async quit() {
      call('Browser.close').catch(() => {});
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Chromium's protocol through a pair of pipes: JSON, each message ended by a zero. */
function protocol(output, input) {
  const calls = new Map();
  const waiting = new Set();
  let rest = '';
  let last = 0;
  input.setEncoding('utf8').on('data', (chunk) => {
    const messages = (rest + chunk).split('\0');
    rest = messages.pop();
    for (const message of messages) receive(JSON.parse(message));
  });
  const fail = () => {
    for (const { reject } of calls.values()) reject(new Error('Chromium is gone'));
    calls.clear();
  };
  input.on('close', fail);
  output.on('error', fail);
  const receive = ({ id, error, result, method, params }) => {
    if (id === undefined) {
      for (const one of [...waiting].filter((other) => other.method === method)) {
        waiting.delete(one);
        one.resolve(params);
      }
      return;
    }
    const { name, resolve, reject } = calls.get(id) ?? {};
    calls.delete(id);
    if (error) reject?.(new Error(`${name}: ${error.message}`));
    else resolve?.(result);
  };
  return {
    call: (name, params = {}, sessionId = undefined) =>
      new Promise((resolve, reject) => {
        calls.set(++last, { name, resolve, reject });
        output.write(`${JSON.stringify({ id: last, method: name, params, sessionId })}\0`);
      }),
    event: (method) => new Promise((resolve) => waiting.add({ method, resolve })),
  };
}
