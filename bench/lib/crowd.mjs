// The clients that servers are measured with, many in one process.

import { startProgram } from './program.mjs';
import { serverProgram } from './stage.mjs';

/** Returns how much memory of a server a connection takes that does nothing. `kind`: `session`, `socket.io` or nothing. */
export async function idle(server, url, clients, kind) {
  const before = await server.memory();
  const crowd = startUnlimited([serverProgram, 'crowd', url, clients, 0, ...kind]);
  await opened(crowd);
  const after = await server.memory();
  await crowd.stop();
  return (after - before) / clients;
}

/** Has one of so many clients send messages to all. Returns for each message how many milliseconds it took. */
export async function broadcast(url, clients, messages, kind) {
  const crowd = startUnlimited([serverProgram, 'crowd', url, clients, messages, ...kind]);
  await opened(crowd);
  const { milliseconds } = JSON.parse(await crowd.line());
  await crowd.stop();
  return milliseconds;
}

/**
 * Has so many clients, with one address (`shared`) or with one each (`own`), send messages to a server that echoes, each `inFlight` at
 * once. Returns how many came back a second.
 */
export async function echoes(url, { clients, addresses, inFlight, messages }, kind) {
  const crowd = startUnlimited([serverProgram, 'echoes', url, clients, addresses, inFlight, messages, ...kind]);
  const { messages: count, seconds } = JSON.parse(await crowd.line());
  await crowd.stop();
  return count / seconds;
}

/** Raises the limit of open files, as each connection is one. */
export const startUnlimited = (command) =>
  startProgram('sh', ['-c', 'ulimit -n "$(ulimit -Hn)" && exec "$@"', 'sh', ...command.map(String)]);

async function opened(crowd) {
  const line = await crowd.line();
  if (line !== 'open') throw new Error(`expected open, got ${line}`);
}
