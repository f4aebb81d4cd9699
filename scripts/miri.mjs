// `npm run miri`: the protocol and its simulation under Miri, which finds undefined behaviour, leaks, and code that depends on the
// machine. It is an interpreter, some hundred times slower: the unit tests, and a few scenarios. It needs nightly Rust.

import { Failure, main, step } from './lib/log.mjs';
import { ask, run } from './lib/run.mjs';

const SCENARIOS = '3';

await main(async () => {
  await step('Miri', 'an interpreter that knows what Rust allows', async () => {
    if ((await ask('cargo', ['+nightly', 'miri', '--version'])) !== undefined) return 'is there';
    const components = ['--component', 'miri', '--component', 'rust-src'];
    await run('rustup', ['toolchain', 'install', 'nightly', '--profile', 'minimal', ...components]).catch(() => {
      throw new Failure('Miri needs nightly Rust and rustup: rustup toolchain install nightly -c miri -c rust-src');
    });
    return 'installed by rustup';
  });
  const test = (...args) =>
    run('cargo', ['+nightly', 'miri', 'test', '-p', 'undrop-proto', ...args], {
      // The simulation reads its variables, and the clock to say how long it took.
      env: { ...process.env, MIRIFLAGS: '-Zmiri-disable-isolation', UNDROP_SCENARIOS: SCENARIOS },
    });
  // 37,000 spellings of a frame, which would take an hour.
  await test('--lib', '--', '--skip', 'a_frame_has_one_spelling');
  await test('--test', 'simulation', 'a_few_scenarios');
});
