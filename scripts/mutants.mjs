// `npm run mutants`: breaks the protocol's session and server in each place, one after the other, by cargo-mutants, and runs the
// tests of `proto/`, which have to notice. It takes hours. `npm run mutants -- 0/20`: one twentieth of it. Those that no test has
// noticed are in proto/mutants.md, each with the reason.

import { dirname } from 'node:path';
import { environment } from './lib/find.mjs';
import { Failure, main } from './lib/log.mjs';
import { cache } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { ensureCargoMutants, findCargoMutants } from './lib/rust-tools.mjs';

const FILES = ['proto/src/server.rs', 'proto/src/server/**', 'proto/src/session.rs', 'proto/src/session/**'];

await main(async ([shard]) => {
  if (shard !== undefined && !/^\d+\/\d+$/.test(shard))
    throw new Failure('npm run mutants takes a part of the whole: npm run mutants -- 0/20');
  await ensureCargoMutants();
  const env = environment([dirname(findCargoMutants())], {
    // The simulation runs each time, and takes a third of the time for being compiled with this.
    CARGO_PROFILE_TEST_OPT_LEVEL: '1',
    CARGO_PROFILE_DEV_OPT_LEVEL: '1',
  });
  // A copy of the workspace is built in the temporary folder, with a target folder of its own.
  delete env.CARGO_TARGET_DIR;
  const files = FILES.flatMap((file) => ['--file', file]);
  const part = shard === undefined ? [] : ['--shard', shard];
  const options = ['--package', 'undrop-proto', '--jobs', '1', '--timeout', '300', '--output', cache];
  await run('cargo', ['mutants', ...options, ...files, ...part], { env });
});
