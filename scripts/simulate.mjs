// `npm run simulate`: the core in bad weather. `npm run soak -- 600`: with fresh seeds, for so many seconds.
// `npm run replay -- 42`: one scenario, step by step.

import { Failure, main } from './lib/log.mjs';
import { run } from './lib/run.mjs';
import { weather } from './lib/weather.mjs';

const variables = { simulate: undefined, soak: 'UNDROP_SOAK_SECONDS', replay: 'UNDROP_SEED' };

await main(async ([what = 'simulate', number]) => {
  const variable = variables[what];
  if (variable && !/^\d+$/.test(number ?? ''))
    throw new Failure(`npm run ${what} needs a number: npm run ${what} -- 60`);
  const filter = variable ? [what] : [];
  await run('cargo', weather(...filter), { env: { ...process.env, ...(variable && { [variable]: number }) } });
});
