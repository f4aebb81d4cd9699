// `npm run leaks`: 10,000 reconnects in one page, with what they leave of heap, wasm memory, listeners and sockets.
// `npm run leaks -- 50000` does as many.

import { Failure, heading, main, step } from './lib/log.mjs';
import { setUpAndBuild } from './lib/setup.mjs';
import { buildPrograms } from './lib/test-server.mjs';

await main(async ([number = '10000']) => {
  if (!/^\d+$/.test(number)) throw new Failure('npm run leaks needs no number, or how many: npm run leaks -- 50000');
  heading('set-up');
  await setUpAndBuild('chromium');
  await step('Programs', 'the server to connect to', buildPrograms);
  heading('reconnects');
  // Only now are there the packages that this imports.
  const { reconnectWithoutLeak } = await import('../tests/e2e/faults/reconnects.mjs');
  await reconnectWithoutLeak({ reconnects: Number(number) });
});
