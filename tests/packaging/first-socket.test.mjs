// A minifier writes functions where they are called. What it makes of the package must not keep the first socket alive.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useBrowser, visit } from './support/browser.mjs';
import { writePage } from './support/bundles.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';
import { installTools, webpack } from './support/tools.mjs';

useBrowser();
before(installTools);

for (const entry of entries) {
  test(`the first socket of ${entry.name} is collected when it is closed, in webpack's production build`, async () => {
    const folder = await project('first-socket', entry);
    await webpack(folder, '--mode', 'production');
    const built = join(folder, 'dist');
    writePage(built, '<script src="main.js"></script>');
    const { shown, found } = await whileServed(built, (url) => visit(url, { look: isCollected }));
    assert.deepEqual({ shown, found }, { shown: 'closed', found: true });
  });
}

async function isCollected(page) {
  const devtools = await page.context().newCDPSession(page);
  // What one collection finalizes, the next frees.
  for (let times = 0; times < 3; times++) await devtools.send('HeapProfiler.collectGarbage');
  return page.evaluate(() => globalThis.first.deref() === undefined);
}
