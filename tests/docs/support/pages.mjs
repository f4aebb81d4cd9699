// The pages for people, and what is in them.

import { readdirSync, readFileSync } from 'node:fs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const top = ['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
const guide = readdirSync(inRoot('docs')).filter((name) => name.endsWith('.md'));

/**
 * `{ name, text, blocks, headings, prose }` of each page; `prose` is the page without its code blocks. A block whose first line is
 * the comment `// messages.ts` has that as its `file`.
 */
export const pages = [...top, ...guide.map((name) => `docs/${name}`)].map((name) => read(name));

export const page = (name) => pages.find((page) => page.name === name);

/** One side of a difference: what it has without a sign, and with this one. The other lines are empty. */
export const side = (code, sign) =>
  code
    .split('\n')
    .map((line) => (line.startsWith(sign) || line.startsWith(' ') ? line.slice(1) : ''))
    .join('\n');

function read(name) {
  const text = readFileSync(inRoot(name), 'utf8');
  const lines = text.split('\n');
  const blocks = [];
  const headings = [];
  const prose = [];
  let block;
  for (const [index, line] of lines.entries()) {
    const fence = line.match(/^```(.*)$/);
    if (fence && block) block = undefined;
    else if (fence) {
      block = { page: name, language: fence[1], line: index + 2, heading: headings.at(-1)?.title, code: '' };
      blocks.push(block);
    } else if (block) {
      if (block.code === '') block.file = line.match(/^\/\/ ([\w-]+\.[jt]s)$/)?.[1];
      block.code += `${line}\n`;
    } else {
      const heading = line.match(/^(#+) (.*)$/);
      if (heading) headings.push({ level: heading[1].length, title: heading[2] });
      prose.push(line);
    }
  }
  return { name, text, blocks, headings, prose: prose.join('\n') };
}
