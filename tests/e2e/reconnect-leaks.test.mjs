// Thousands of reconnects in one page, and nothing of them is left: no heap, no wasm memory, no listeners, no sockets.

import { test } from 'node:test';
import { buildPrograms } from '../../scripts/lib/test-server.mjs';
import { reconnectWithoutLeak } from './faults/reconnects.mjs';

// On a slow machine fewer must do; `npm run leaks` does them all.
test('thousands of reconnects in one page leave nothing behind', { timeout: 300_000 }, async () => {
  await buildPrograms();
  await reconnectWithoutLeak({ reconnects: 10_000, enough: 60_000 });
});
