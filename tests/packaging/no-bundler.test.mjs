// The package in a page without any build: the browser takes the files as they were installed.

import { before, test } from 'node:test';
import { assertEchoes, assertLoadedWasm, useBrowser } from './support/browser.mjs';
import { whileServed } from './support/files.mjs';
import { project } from './support/project.mjs';

let folder;

useBrowser();
before(async () => {
  folder = await project('no-bundler');
});

test('a page that imports the package by its path exchanges a message', async () => {
  await open('by-path.html');
});

test('a page that imports undrop/slim by its path exchanges a message', async () => {
  assertLoadedWasm(await open('slim-by-path.html'));
});

test('a page that imports the package by an import map exchanges a message', async () => {
  await open('import-map.html');
});

test('a page that imports undrop/slim by an import map exchanges a message', async () => {
  assertLoadedWasm(await open('slim-import-map.html'));
});

const open = (page) => whileServed(folder, (url) => assertEchoes(url + page));
