// docs/getting-started.md, followed by its reader: the package is installed from its tarball into an empty folder, the very blocks
// are type-checked and built there by Vite without any configuration, and what was built is opened in both browsers.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startTestServer } from '../../scripts/lib/test-server.mjs';
import { serveFiles } from '../packaging/support/files.mjs';
import { emptyProject } from '../packaging/support/project.mjs';
import { installTools, typescript, vite } from '../packaging/support/tools.mjs';
import { browsers } from '../support/browsers.mjs';
import { keepsConsole, logged } from '../support/console-page.mjs';
import { page } from './support/pages.mjs';

/** By heading: what is on the console in the end. The server sends back what it gets. */
const walk = {
  'A first connection': ['hello'],
  'Say hello on each open': ['subscribe news', 'one thing that I have to say'],
  'Messages with a type': ['Ada: hello', '50'],
};

const html = `<!doctype html>${keepsConsole}<script type="module" src="/main.ts"></script>`;

let server;
before(async () => {
  server = await startTestServer();
  await installTools();
});
after(() => server?.stop());

for (const [heading, expected] of Object.entries(walk)) {
  describe(heading, () => {
    let served;
    before(async () => {
      const folder = await emptyProject();
      const [{ code }] = page('docs/getting-started.md').blocks.filter(
        (block) => block.heading === heading && ['js', 'ts'].includes(block.language),
      );
      writeFileSync(join(folder, 'index.html'), html);
      writeFileSync(join(folder, 'main.ts'), code.replaceAll('wss://example.org/room', `${server.url}/echo`));
      const checks = [
        '--strict',
        '--noEmit',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
        '--target',
        'es2022',
      ];
      await typescript(folder, ...checks, 'main.ts');
      assert.doesNotMatch(await vite(folder, 'build'), /warn/i);
      served = await serveFiles(join(folder, 'dist'));
    });
    after(() => served?.stop());

    for (const [name, start] of Object.entries(browsers))
      it(`is on the console of ${name}`, { timeout: 60_000 }, async () => {
        const browser = await start();
        try {
          await browser.goto(`${served.url}/`);
          assert.deepEqual(await logged(browser, expected.length), expected);
        } finally {
          await browser.quit();
        }
      });
  });
}
