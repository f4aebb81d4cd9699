// The package in TypeScript projects that check everything, its own declarations included.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { publicDeclarations } from './support/declarations.mjs';
import { installedPackage, project } from './support/project.mjs';
import { installTools, typescript, typescript5 } from './support/tools.mjs';

const compilers = { 'TypeScript 5': typescript5, 'the newest TypeScript': typescript };

before(installTools);

for (const [name, compile] of Object.entries(compilers)) {
  for (const resolution of ['bundler', 'node16', 'nodenext']) {
    test(`${name} with moduleResolution ${resolution} takes every use of the class, and no abuse`, async () => {
      const output = await compile(await project('types'), '--project', `tsconfig.${resolution}.json`);
      assert.equal(output, '');
    });
  }
}

test('there is no any in the published declarations', async () => {
  const { default: ts } = await import('typescript-5');
  const found = [];
  for (const path of publicDeclarations(await installedPackage())) {
    const look = (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${path}: ${node.parent.getText()}`);
      ts.forEachChild(node, look);
    };
    look(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  }
  assert.deepEqual(found, []);
});
