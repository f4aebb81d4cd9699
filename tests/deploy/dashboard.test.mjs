// The dashboard is one that Grafana can read: its types are checked, as the compiler sees them, against those of Grafana's own SDK.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { cache, inRoot } from '../../scripts/lib/paths.mjs';
import { packageProgram } from '../../scripts/lib/run.mjs';

const dashboard = readFileSync(inRoot('deploy/grafana/undrop.json'), 'utf8');

/** What could be wrong with it: what stands there, and what would in its place. */
const wrong = {
  'a kind of panel that there is not': ['"type": "stat"', '"type": "stats"'],
  'a place that is no number': ['"w": 24', '"w": "24"'],
  'an option that there is not': ['"colorMode":', '"colourMode":'],
  'a value of an option that there is not': ['"colorMode": "background"', '"colorMode": "backdrop"'],
  'a kind of variable that there is not': ['"type": "datasource"', '"type": "source"'],
  'a query without an expression': ['"expr":', '"query":'],
  'a field that there is not': ['"refresh": "30s"', '"refreshes": "30s"'],
};

let folder;
let complaints;

before(() => {
  // Inside of the project, so that its packages are found.
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'dashboard-'));
  const model = relative(folder, inRoot('tests/deploy/model.ts'));
  const write = (name, json) => {
    const file = join(folder, name);
    writeFileSync(file, `import type { Model } from '${model}';\nexport const dashboard: Model = ${json};\n`);
    return file;
  };
  const changed = Object.values(wrong).map(([from, to], index) => {
    assert.ok(dashboard.includes(from), from);
    return write(`wrong-${index}.ts`, dashboard.replace(from, to));
  });
  const options = ['--noEmit', '--strict', '--ignoreConfig', '--module', 'nodenext', '--allowImportingTsExtensions'];
  const args = [packageProgram('typescript', 'tsc'), ...options, write('right.ts', dashboard), ...changed];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  assert.equal(stderr, '');
  complaints = stdout.trim().split('\n');
});

after(() => rmSync(folder, { recursive: true, force: true }));

const complaintsOf = (file) => complaints.filter((line) => line.startsWith(file));

test('the dashboard has what Grafana knows, and nothing else', () => {
  assert.deepEqual(complaintsOf('right.ts'), []);
  // What is of no file is of the compiler itself.
  assert.deepEqual(
    complaints.filter((line) => /^\S/.test(line) && !line.startsWith('wrong-')),
    [],
  );
});

for (const [index, what] of Object.keys(wrong).entries())
  test(`it would be found: ${what}`, () => {
    assert.notDeepEqual(complaintsOf(`wrong-${index}.ts`), []);
  });
