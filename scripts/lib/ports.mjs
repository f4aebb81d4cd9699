// Ports for programs that die and come back.

import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { Failure } from './log.mjs';

/**
 * A port on 127.0.0.1 on which nobody listens, and that stays free when what listens there was killed: it is below those that
 * systems give to whoever asks for any port, to listen or to connect.
 * <https://www.rfc-editor.org/rfc/rfc6335#section-6>
 */
export async function lastingPort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

/** Whether nobody listens on this port of 127.0.0.1. */
export const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Waits until something listens on this port of 127.0.0.1. Fails if the program that is to do so ends before. */
export async function answers(port, gone, program) {
  let isGone = false;
  const noted = () => {
    isGone = true;
  };
  gone.then(noted, noted);
  while (!(await isListening(port)))
    if (isGone) throw new Failure(`${program} ended before it listened on port ${port}`);
}

const isListening = (port) =>
  new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1')
      .once('error', () => resolve(false))
      .once('connect', () => {
        probe.destroy();
        resolve(true);
      });
  });
