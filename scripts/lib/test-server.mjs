// Builds the programs that the tests talk to, and starts the server that misbehaves on request.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from './log.mjs';
import { target } from './paths.mjs';
import { isFree } from './ports.mjs';
import { finished, run, start } from './run.mjs';

/** Rust tests have the address compiled in: with the same port each time, nothing is compiled again. */
export const usualPort = 41_790;
export const usualUrl = `ws://127.0.0.1:${usualPort}`;

export const serverProgram = join(target, 'release/undrop-test-server');

export const proxyProgram = join(target, 'release/undrop-fault-proxy');

/** `undrop-server` with its sessions in Redis. */
export const nodeProgram = join(target, 'release/examples/echo');

/** The server of the chat page. */
export const chatProgram = join(target, 'release/undrop-chat');

/** One build for all of them: apart from each other, cargo would compile their dependencies with other features each. */
export const buildPrograms = () =>
  run('cargo', [
    ...['build', '--quiet', '--release', '--features', 'undrop-server/redis', '--bins', '--example', 'echo'],
    ...['undrop-test-server', 'undrop-fault-proxy', 'undrop-server', 'undrop-chat'].flatMap((name) => ['-p', name]),
  ]);

/** Starts the test server on `port`, or on any free one; `stop()` resolves when it is gone. It also goes when this process does. */
export async function startTestServer({ port = 0 } = {}) {
  await buildPrograms();
  const { url, child, gone } = await startListening(serverProgram, ['--port', String(port)]);
  const stop = async () => {
    child.stdin.end();
    await gone;
  };
  return { url, stop };
}

/** Starts a program whose first line says where it listens, as `pattern` has it. `stderr` is where its standard error goes. */
export async function startListening(program, args, { pattern = /^listening (ws:\/\/\S+)$/, stderr = 'inherit' } = {}) {
  const child = start(program, args, { stdio: ['pipe', 'pipe', stderr] });
  const gone = finished(child, program);
  const first = await Promise.race([firstLine(child.stdout), gone.then(() => undefined)]);
  const url = first?.match(pattern)?.[1];
  if (!url) {
    child.kill();
    throw new Failure(`${program} did not say where it listens${first ? `, but: ${first}` : ''}`);
  }
  return { url, child, gone };
}

/** The usual port, or 0, which stands for any, when something listens there. */
export const usualPortIfFree = async () => ((await isFree(usualPort)) ? usualPort : 0);

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
