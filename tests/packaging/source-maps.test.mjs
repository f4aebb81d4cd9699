// What a debugger finds behind the minified files.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { before, test } from 'node:test';
import { filesIn } from '../../scripts/lib/fresh.mjs';
import { installedPackage } from './support/project.mjs';

// The text of a line in `send`, which no minifier changes.
const landmark = 'send() needs the data to send';

let folder;
let scripts;

before(async () => {
  folder = await installedPackage();
  scripts = filesIn(join(folder, 'dist')).filter((path) => path.endsWith('.js'));
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

test('a position in each script leads to its line in npm/undrop.ts', () => {
  for (const script of scripts) {
    const lines = readFileSync(script, 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes(landmark));
    assert.ok(line >= 0, `${basename(script)} is without ${landmark}`);
    const map = mapOf(script);
    const origin = new SourceMap(map).findEntry(line, lines[line].indexOf(landmark));
    assert.equal(resolve(dirname(script), origin.originalSource), join(folder, 'npm/undrop.ts'));
    const source = map.sourcesContent[map.sources.indexOf(origin.originalSource)];
    assert.ok(source.split('\n')[origin.originalLine].includes(landmark));
  }
});

const mapOf = (script) => JSON.parse(readFileSync(`${script}.map`, 'utf8'));
