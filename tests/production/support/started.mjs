// What the tests of a file start, and what is ended when they are over.

import { after } from 'node:test';
import { startNode } from '../../support/nodes.mjs';
import { startProxyOfPage } from './proxies.mjs';

const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Has this called when the tests of the file are over, before what was given earlier. */
export const atEnd = (stop) => stops.push(stop);

/** A node whose sessions are in memory, with these options of `startNode`. */
export async function node(options) {
  const started = await startNode(undefined, options);
  atEnd(() => started.end('SIGKILL'));
  return started;
}

/** A proxy of the page before one node or two, with these changes of its block. */
export async function proxy(name, nodes, changes) {
  const hosts = nodes.map(({ url }) => new URL(url).host);
  const started = await startProxyOfPage(name, [hosts[0], hosts.at(-1)], changes);
  atEnd(started.stop);
  return started;
}
