// Starts the server that misbehaves on request, for the tests that talk to one, and builds the proxy that injures lines.

import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from './log.mjs';
import { target } from './paths.mjs';
import { finished, run, start } from './run.mjs';

/** Rust tests have the address compiled in: with the same port each time, nothing is compiled again. */
export const usualPort = 41_790;
export const usualUrl = `ws://127.0.0.1:${usualPort}`;

export const proxyProgram = join(target, 'release/undrop-fault-proxy');

/** Both of them. */
export const buildTestServer = () =>
  run('cargo', ['build', '--quiet', '--release', '-p', 'undrop-test-server', '-p', 'undrop-fault-proxy']);

/** Starts it on `port`, or on any free one; `stop()` resolves when it is gone. It also goes when this process does. */
export async function startTestServer({ port = 0 } = {}) {
  await buildTestServer();
  const program = join(target, 'release/undrop-test-server');
  const child = start(program, ['--port', String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = finished(child, program);
  const first = await Promise.race([firstLine(child.stdout), gone.then(() => undefined)]);
  const url = first?.match(/^listening (ws:\/\/\S+)$/)?.[1];
  if (!url) {
    child.kill();
    throw new Failure(`${program} did not say where it listens${first ? `, but: ${first}` : ''}`);
  }
  const stop = async () => {
    child.stdin.end();
    await gone;
  };
  return { url, stop };
}

export const usualPortIfFree = () =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(0))
      .listen(usualPort, '127.0.0.1', () => probe.close(() => resolve(usualPort)));
  });

async function firstLine(stream) {
  const lines = createInterface({ input: stream });
  const [line] = await new Promise((resolve) => {
    lines.once('line', (...found) => resolve(found)).once('close', () => resolve([]));
  });
  // Whatever it says later must not fill the pipe and stop it.
  lines.close();
  stream.resume();
  return line;
}
