// `npm run miri`: the protocol and its simulation under Miri, which finds undefined behaviour, leaks, and code that depends on the
// machine. It is an interpreter, some hundred times slower: the unit tests, and a few scenarios. It needs nightly Rust.

import { Failure, main, step } from './lib/log.mjs';
import { ask, run } from './lib/run.mjs';

/** Of each world a scenario takes minutes. `npm run miri -- 10 13` takes those of the seeds 10 to 12. */
const SEEDS = ['0', '2'];

await main(async (given) => {
  const [from, to] = (given.length === 0 ? SEEDS : given).map(Number);
  if (!(from < to)) throw new Failure('npm run miri takes a range of seeds: npm run miri -- 0 2');
  await step('Miri', 'an interpreter that knows what Rust allows', async () => {
    if ((await ask('cargo', ['+nightly', 'miri', '--version'])) !== undefined) return 'is there';
    const components = ['--component', 'miri', '--component', 'rust-src'];
    await run('rustup', ['toolchain', 'install', 'nightly', '--profile', 'minimal', ...components]).catch(() => {
      throw new Failure('Miri needs nightly Rust and rustup: rustup toolchain install nightly -c miri -c rust-src');
    });
    return 'installed by rustup';
  });
  const test = (args, env = {}) =>
    run('cargo', ['+nightly', 'miri', 'test', '-p', 'undrop-proto', ...args], {
      // The simulation reads its variables.
      env: { ...process.env, MIRIFLAGS: '-Zmiri-disable-isolation', ...env },
    });
  // 37,000 spellings of a frame take more than a quarter of an hour.
  await test(['--lib', '--', '--skip', 'a_frame_has_one_spelling']);
  for (let seed = from; seed < to; seed++)
    await test(['--test', 'simulation', 'replay'], { UNDROP_SEED: String(seed) });
});
