// Runs one of ws's own tests, with clients that have a session, and says so if it has passed. What it throws ends the worker.

import { promisify } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { SessionClient } from './session-client.mjs';
import { loadSuite } from './ws-suite.mjs';

/** Calls a function of mocha, which takes a callback or returns a promise. */
const call = (run) => (run.length > 0 ? promisify(run)() : run());

const before = [];
const isWithin = [];
loadSuite({
  Client: SessionClient,
  hooks: {
    beforeEach: (run) => {
      if (isWithin.at(-1)) before.push(run);
    },
    afterEach: () => {},
  },
  describe: ({ path }, body) => {
    isWithin.push(workerData.path.startsWith(`${path} > `));
    body();
    isWithin.pop();
  },
  it: ({ path, run }) => {
    if (path === workerData.path) setImmediate(start, run);
  },
});

async function start(run) {
  for (const prepare of before) await call(prepare);
  await call(run);
  parentPort.postMessage('passed');
}
