// `npm run mutants`: breaks the protocol in each place, one after the other, by cargo-mutants, and runs the tests of `proto/`,
// which have to notice. First with the unit tests alone, which takes two seconds a mutant; then, what they have not noticed, with
// the simulation, which takes half a minute. `npm run mutants -- server session`: these modules alone. `npm run mutants -- again`:
// from the beginning; else what was noticed before is not tried again. Those that no test notices are in proto/mutants.md, each
// with the reason.

import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment } from './lib/find.mjs';
import { Failure, heading, main } from './lib/log.mjs';
import { print } from './lib/output.mjs';
import { cache, inRoot } from './lib/paths.mjs';
import { finished, start } from './lib/run.mjs';
import { ensureCargoMutants, findCargoMutants } from './lib/rust-tools.mjs';

const results = join(cache, 'mutants.out');

await main(async (args) => {
  const modules = args.filter((argument) => argument !== 'again');
  for (const name of modules) {
    if (!existsSync(inRoot(`proto/src/${name}.rs`)))
      throw new Failure(`npm run mutants takes modules of proto/src: there is no ${name}.rs`);
  }
  await ensureCargoMutants();
  if (modules.length < args.length) rmSync(results, { recursive: true, force: true });

  heading('mutants: the unit tests');
  await pass(modules, '0', '10', ['--lib']);
  // The next pass would try again what no test ends with: that is noticed as well.
  appendFileSync(join(results, 'caught.txt'), readFileSync(join(results, 'timeout.txt')));
  heading('mutants: what they have not noticed, with the simulation');
  await pass(modules, '1', '120', ['--tests']);
  const missed = readFileSync(join(results, 'missed.txt'), 'utf8');
  print(missed === '' ? 'No mutant survives.' : `These survive:\n${missed}`);
});

async function pass(modules, optimization, timeout, tests) {
  const env = environment([dirname(findCargoMutants())], {
    CARGO_PROFILE_TEST_OPT_LEVEL: optimization,
    CARGO_PROFILE_DEV_OPT_LEVEL: optimization,
    CARGO_PROFILE_TEST_DEBUG: '0',
    CARGO_PROFILE_DEV_DEBUG: '0',
  });
  // A copy of the workspace is built in the temporary folder, with a target folder of its own.
  delete env.CARGO_TARGET_DIR;
  const files = modules.flatMap((name) => ['--file', `proto/src/${name}.rs`, '--file', `proto/src/${name}/**`]);
  const options = ['--package', 'undrop-proto', '--iterate', '--timeout', timeout, '--output', cache];
  // Some mutants would fill the machine's memory.
  const limited = ['-c', 'ulimit -v 4194304; exec "$@"', 'sh'];
  const mutants = ['cargo', 'mutants', ...options, ...files, '--', ...tests];
  const child = start('sh', [...limited, ...mutants], { stdio: 'inherit', env });
  const { code, signal } = await finished(child, 'cargo');
  // https://mutants.rs/exit-codes.html: all were noticed, some were not, and some did not end.
  if (![0, 2, 3].includes(code)) throw new Failure(`cargo mutants ended with ${signal ?? `exit code ${code}`}`);
}
