// Each block of TypeScript and JavaScript compiles against the types of the package, as strictly as a project may ask.
// What a page leaves to its reader, such as `render`, is declared in `preambles/`, once for the page.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { before, test } from 'node:test';
import { cache, inRoot } from '../../scripts/lib/paths.mjs';
import { packageProgram, tee } from '../../scripts/lib/run.mjs';
import { pages, side } from './support/pages.mjs';

const languages = ['js', 'ts', 'tsx', 'diff'];
const folder = join(cache, 'docs');

before(() => rmSync(folder, { recursive: true, force: true }));

for (const page of pages) {
  const blocks = page.blocks.filter(({ language }) => languages.includes(language));
  if (blocks.length === 0) continue;
  test(`the code of ${page.name} compiles`, async () => {
    const project = write(page, blocks);
    const { code, text } = await tee(process.execPath, [packageProgram('typescript', 'tsc'), '-p', project]);
    assert.equal(code, 0, text);
  });
}

/** A project with a file for each block, in which each line has the number that it has in the page. */
function write(page, blocks) {
  const project = join(folder, page.name.replaceAll('/', '-'));
  mkdirSync(project, { recursive: true });
  const files = blocks.flatMap(sources).map(({ name, line, code }) => {
    writeFileSync(join(project, name), `${'\n'.repeat(line - 1)}${code}\nexport {};\n`);
    return name;
  });
  const dist = relative(project, inRoot('dist'));
  const compilerOptions = {
    target: 'es2022',
    module: 'es2022',
    moduleResolution: 'bundler',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
    jsx: 'preserve',
    allowJs: true,
    checkJs: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    paths: {
      undrop: [`${dist}/index.d.ts`],
      'undrop/*': [`${dist}/*.d.ts`],
      zod: [relative(project, inRoot('node_modules/zod'))],
    },
  };
  const preambles = preamblesOf(page).map((path) => relative(project, path));
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: [...preambles, ...files] }, null, 2),
  );
  return project;
}

/** A block, under the name that its first line gives it, for other blocks to import; or of a difference what was and what is. */
const sources = ({ language, line, code, file }) =>
  language !== 'diff'
    ? [{ name: file ?? `line-${line}.${language}`, line, code }]
    : Object.entries({ before: '-', after: '+' }).map(([when, sign]) => ({
        name: `line-${line}-${when}.js`,
        line,
        code: side(code, sign),
      }));

/** A translation has that of the page it is of. */
function preamblesOf({ name }) {
  const original = basename(name).replace(/(\.zh-CN)?\.md$/, '');
  return [inRoot('tests/docs/preambles', `${original}.d.ts`)].filter((path) => existsSync(path));
}
