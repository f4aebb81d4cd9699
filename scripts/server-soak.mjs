// `npm run server:soak`: clients and two nodes over a Redis that fails over, comes back with an older state, is full, and evicts.
// It prints what was answered and what was lost and told. `npm run server:soak -- 100 500` has 100 clients with 500 rounds each.

import { Failure, main } from './lib/log.mjs';
import { run } from './lib/run.mjs';

await main(async ([clients = '40', batches = '200']) => {
  if (![clients, batches].every((number) => /^[1-9]\d*$/.test(number)))
    throw new Failure('npm run server:soak takes two numbers: npm run server:soak -- 40 200');
  const env = { ...process.env, UNDROP_SOAK_CLIENTS: clients, UNDROP_SOAK_BATCHES: batches };
  const test = ['test', '--release', '-p', 'undrop-server', '--all-features', '--test', 'server', 'soak'];
  await run('cargo', [...test, '--', '--nocapture', '--test-threads=1'], { env });
});
