// `npm run format`: brings every source file into the one form that `npm test` asks for.

import { main, step } from './lib/log.mjs';
import { packageProgram, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  await setUp(['rust components', 'packages']);
  await step('cargo fmt', 'Rust', () => run('cargo', ['fmt', '--all']));
  await step('biome', 'TypeScript, JavaScript, CSS, HTML and JSON', () =>
    run(process.execPath, [packageProgram('@biomejs/biome', 'biome'), 'check', '--write']),
  );
});
