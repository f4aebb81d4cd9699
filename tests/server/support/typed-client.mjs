// A client of the servers under test with a session and typed messages, in Node.

import '../../support/client-in-node.mjs';

const { Undrop } = await import('../../../dist/all.js');

/** A client that reconnects at once. */
export const typedClient = (url, options = {}) =>
  new Undrop(url, [], { resume: true, retry: { first: 1, cap: 1 }, ...options });
