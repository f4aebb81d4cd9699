// What a debugger finds behind the minified files.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { before, test } from 'node:test';
import { filesIn } from '../../scripts/lib/fresh.mjs';
import { installedPackage } from './support/project.mjs';

// What no minifier changes: names of the browser's, and strings.
const landmark = /(?<![\w.$])(?:WebAssembly|EventTarget|Uint8Array|FinalizationRegistry|DOMException)\b|"[\w ]{4,}"/g;

let folder;
let scripts;

before(async () => {
  folder = await installedPackage();
  // What only runs on a server or in a terminal is not minified.
  const isOfPages = (path) =>
    path.endsWith('.js') && dirname(path) === join(folder, 'dist') && basename(path) !== 'check.js';
  scripts = filesIn(join(folder, 'dist')).filter(isOfPages);
});

test('each script names its map, which is there', () => {
  assert.ok(scripts.length > 0);
  for (const script of scripts) {
    assert.match(readFileSync(script, 'utf8'), new RegExp(`\n//# sourceMappingURL=${basename(script)}\\.map\n?$`));
    assert.ok(existsSync(`${script}.map`), `${script} has no map`);
  }
});

test('each map holds the text of its sources, and the published ones are the same', () => {
  for (const script of scripts) {
    const { sources, sourcesContent } = mapOf(script);
    assert.ok(sources.length > 0);
    for (const [index, source] of sources.entries()) {
      assert.ok(sourcesContent?.[index], `${basename(script)}.map is without the text of ${source}`);
      const path = resolve(dirname(script), source);
      if (relative(folder, path).startsWith('npm')) assert.equal(sourcesContent[index], readFileSync(path, 'utf8'));
    }
  }
});

test('the positions in each script lead to their places in the sources', () => {
  for (const script of scripts) {
    const lines = readFileSync(script, 'utf8').split('\n');
    const content = mapOf(script);
    const map = new SourceMap(content);
    const found = lines.flatMap((text, line) =>
      [...text.matchAll(landmark)].flatMap(({ 0: mark, index }) => {
        const { originalSource, originalLine, originalColumn, generatedColumn } = map.findEntry(line, index);
        // Some are not mapped themselves, but are part of something that is.
        if (generatedColumn !== index) return [];
        const source = content.sourcesContent[content.sources.indexOf(originalSource)].split('\n')[originalLine];
        return [[unquoted(mark), unquoted(source.slice(originalColumn, originalColumn + mark.length))]];
      }),
    );
    assert.ok(found.length > 0, `${basename(script)} is without a landmark`);
    for (const [generated, original] of found) assert.equal(original, generated, basename(script));
  }
});

const unquoted = (text) => text.replace(/^['"`]|['"`]$/g, '');

const mapOf = (script) => JSON.parse(readFileSync(`${script}.map`, 'utf8'));
