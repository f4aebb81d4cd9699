// `npm run production`: clients and pages talk to two nodes through nginx, HAProxy and Caddy in turn, while the proxy is reloaded,
// nodes are restarted, and one is killed. It prints how long they were away, and what was lost. `npm run production -- 10` does each
// 10 times.

import { operate, table } from '../tests/production/support/operations.mjs';
import { names } from '../tests/production/support/proxies.mjs';
import { Failure, main, step } from './lib/log.mjs';
import { print } from './lib/output.mjs';
import { setUpAndBuild } from './lib/setup.mjs';
import { buildPrograms } from './lib/test-server.mjs';

await main(async ([rounds = '3']) => {
  if (!/^[1-9]\d*$/.test(rounds)) throw new Failure('npm run production takes a number: npm run production -- 10');
  await setUpAndBuild(...'geckodriver chromium firefox redis-server nginx haproxy caddy openssl'.split(' '));
  await buildPrograms();
  const byProxy = {};
  for (const name of names)
    await step(name, 'two nodes and a Redis behind it', async () => {
      byProxy[name] = await operate(name, Number(rounds));
    });
  print(table(byProxy));
  const bad = Object.values(byProxy)
    .flat()
    .filter(({ lost, duplicated, reordered }) => lost || duplicated || reordered);
  if (bad.length > 0) throw new Failure('Messages were lost, duplicated or reordered');
});
