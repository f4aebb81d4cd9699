// ws's own tests, with clients that have no session: all of them pass.

import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { loadSuite } from './support/ws-suite.mjs';

loadSuite({
  describe: ({ name }, body) => describe(name, body),
  it: ({ name, run }) => it(name, run.length > 0 ? (_, done) => run(done) : () => run()),
  hooks: { after, afterEach, before, beforeEach },
});
