// Runs the whole table against one class in whatever global scope the script was loaded into, and, in a
// window, starts the workers that do the same.

import { concepts } from './cases/index.js';
import { describeError, plain } from './lib/observe.js';
import { closeAll, openAndClose } from './lib/sockets.js';

/** Makes the table run on request: in a window as `runConformance(scope, env)`, in a worker by message. */
export function serve(WebSocketClass) {
  const answer = async ({ data: env, ports: [port] }) => port.postMessage(await runTable(WebSocketClass, env));
  if ('ServiceWorkerGlobalScope' in globalThis) {
    globalThis.addEventListener('message', (event) => event.waitUntil(answer(event)));
    globalThis.addEventListener('install', () => globalThis.skipWaiting());
  } else if ('SharedWorkerGlobalScope' in globalThis) {
    globalThis.addEventListener('connect', ({ ports: [port] }) => {
      port.onmessage = answer;
    });
  } else if ('DedicatedWorkerGlobalScope' in globalThis) {
    globalThis.addEventListener('message', answer);
  } else {
    // A module has no current script, and its table runs in a window only.
    const script = document.currentScript?.src;
    globalThis.runConformance = (scope, env) =>
      scope === 'window' ? runTable(WebSocketClass, { ...env, scope }) : askWorker(scope, script, { ...env, scope });
    globalThis.dispatchEvent(new Event('conformance'));
  }
}

async function runTable(WebSocketClass, env) {
  // Handlers that throw on purpose may get one more event after their case.
  globalThis.addEventListener('error', (event) => event.preventDefault());
  await warmUp(WebSocketClass, env);
  const results = {};
  for (const { concept, cases } of concepts) {
    for (const { name, run, scopes, expected } of cases) {
      if (scopes && !scopes.includes(env.scope)) continue;
      const title = `${concept}: ${name}`;
      if (title in results) throw new Error(`two cases are called "${title}"`);
      if (env.only && !title.includes(env.only)) continue;
      results[title] = { observed: await runCase(() => run(WebSocketClass, env), env.timeout) };
      if (expected !== undefined) {
        results[title].expected = plain(typeof expected === 'function' ? expected(env) : expected);
      }
      // A class that is broken, or that the case has broken, may fire no event.
      await runCase(closeAll, env.timeout);
    }
  }
  return JSON.stringify(results);
}

// Chromium delays an attempt by up to 5 s once more attempts of a page have failed than succeeded, and many cases fail on
// purpose.
// https://source.chromium.org/chromium/chromium/src/+/main:services/network/websocket_throttler.cc
async function warmUp(WebSocketClass, { server }) {
  for (let n = 0; n < 30; n++) await openAndClose(WebSocketClass, `${server}/echo`);
}

/** What `run` returns, or how it failed, or that it took longer. */
async function runCase(run, milliseconds) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(() => resolve('<timed out>'), milliseconds);
  });
  try {
    return plain(await Promise.race([run(), timeout]));
  } catch (error) {
    return { '<failed>': describeError(error), message: String(error?.message) };
  } finally {
    clearTimeout(timer);
  }
}

async function askWorker(scope, script, env) {
  const { port1, port2 } = new MessageChannel();
  // Firefox collects a port that only its own handler knows, and the answer with it.
  globalThis.waitingFor = port1;
  const failed = (event) => port1.dispatchEvent(new MessageEvent('message', { data: `"${event.message}"` }));
  const answer = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  if (scope === 'dedicated worker') {
    const worker = new Worker(script);
    globalThis.running = worker;
    worker.onerror = failed;
    worker.postMessage(env, [port2]);
    return answer.finally(() => worker.terminate());
  }
  if (scope === 'shared worker') {
    const worker = new SharedWorker(script);
    globalThis.running = worker;
    worker.onerror = failed;
    worker.port.postMessage(env, [port2]);
    return answer;
  }
  const registration = await navigator.serviceWorker.register(script);
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  worker.postMessage(env, [port2]);
  return answer.finally(() => registration.unregister());
}
