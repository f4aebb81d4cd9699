// The package in a page without any build: the browser takes the files as they were installed.

import { test } from 'node:test';
import { assertEchoes, useBrowser } from './support/browser.mjs';
import { entries } from './support/entries.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

const pages = { 'its path': 'by-path.html', 'an import map': 'import-map.html' };

useBrowser();

for (const entry of entries) {
  for (const [how, page] of Object.entries(pages))
    test(`a page that imports ${entry.name} by ${how} exchanges a message`, async () => {
      await whileServed(await project('no-bundler', entry), (url) => assertEchoes(url + page, entry));
    });
}
