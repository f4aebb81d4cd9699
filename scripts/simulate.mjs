// `npm run simulate`: the protocol in a simulated world. `npm run soak -- 600`: with fresh seeds, for so many seconds.
// `npm run replay -- 42`: the scenarios of one seed, step by step.

import { Failure, main } from './lib/log.mjs';
import { run } from './lib/run.mjs';
import { weather } from './lib/weather.mjs';

const variables = { simulate: undefined, soak: 'UNDROP_SOAK_SECONDS', replay: 'UNDROP_SEED' };

await main(async ([what = 'simulate', number]) => {
  const variable = variables[what];
  if (variable && !/^\d+$/.test(number ?? ''))
    throw new Failure(`npm run ${what} needs a number: npm run ${what} -- 60`);
  const filter = variable ? [what] : [];
  // The worlds of one seed one after the other, so that each can be read.
  const options = what === 'replay' ? ['--test-threads=1'] : [];
  const env = { ...process.env, ...(variable && { [variable]: number }) };
  await run('cargo', [...weather(...filter), ...options], { env });
});
