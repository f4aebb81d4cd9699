// `npm run chaos`: 20,000 numbered messages each way in each browser, while connections are injured and nodes and Redis are
// killed, for each pair of nodes: both in Rust, one of each, both in JavaScript. It prints what arrived.

import { Failure, heading, main, step } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setUpAndBuild } from './lib/setup.mjs';
import { buildPrograms } from './lib/test-server.mjs';

await main(async (given) => {
  if (given.length > 0) throw new Failure('npm run chaos takes no argument');
  heading('set-up');
  await setUpAndBuild('chromium', 'geckodriver', 'firefox', 'redis-server');
  await step('Programs', 'the nodes in Rust, and the proxy that injures connections', buildPrograms);
  heading('chaos');
  const files = ['session-chaos', 'session-chaos-javascript'].map((name) => inRoot('tests/e2e', `${name}.test.mjs`));
  const env = { ...process.env, UNDROP_CHAOS: 'whole' };
  // One after the other: each kills the nodes of its own, but they would slow each other.
  await run(process.execPath, ['--test', '--test-concurrency=1', ...files], { env });
});
