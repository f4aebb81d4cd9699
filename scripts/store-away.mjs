// `npm run store:away`: prints what a server with 50 sessions logs whose store is away for 8 s.

import { main } from './lib/log.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp(['redis-server']);
  const test = ['test', '--quiet', '-p', 'undrop-server', '--features', 'tls,metrics', '--test', 'server'];
  const name = 'the_log_of_a_store_that_is_away_with_50_sessions';
  const env = { ...process.env, UNDROP_STORE_AWAY: '8000' };
  await run('cargo', [...test, '--', '--nocapture', name], { env });
});
