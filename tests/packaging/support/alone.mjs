// Test files run beside each other in processes of their own. What they share is made by the first that comes.

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// A port is a lock that even a process which was killed gives back.
const port = 41_791;
const timeout = 10 * 60_000;

/** Calls `work` while nobody else is in a call of this function. */
export async function alone(work) {
  const deadline = Date.now() + timeout;
  let lock = await listen();
  while (!lock) {
    if (Date.now() > deadline) throw new Error(`Something has held port ${port} of this machine for too long.`);
    await sleep(100);
    lock = await listen();
  }
  try {
    return await work();
  } finally {
    await new Promise((resolve) => lock.close(resolve));
  }
}

/** The server, or undefined when the port is taken. */
function listen() {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', (error) => (error.code === 'EADDRINUSE' ? resolve() : reject(error)))
      .listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
