// Writes the table into docs/benchmarks.md, between two marks.

import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { linesOf, load, titleOf } from './table.mjs';

const FILE = inRoot('docs/benchmarks.md');
const [BEGIN, END] = ['<!-- figures -->', '<!-- the end of the figures -->'];

export function writePage({ at, rows, took, load: loadBefore, loadAtEnd, machine, figures }) {
  const page = readFileSync(FILE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  const about =
    `Written by \`${['npm run bench -- --write', ...rows].join(' ')}\` on ${at.slice(0, 10)}, in ${took}: Chromium ${machine.chromium}, ${machine.cpus.length} CPUs (${machine.cpus[0]}), ` +
    `${load(loadBefore)} when it began and ${load(loadAtEnd)} when it ended.`;
  const text = [about, judged(figures), ...figures.map(section)].join('\n\n');
  writeFileSync(FILE, `${page.slice(0, before)}\n\n${text}\n\n${page.slice(after)}`);
}

/** One table of all targets and verdicts. */
function judged(figures) {
  const rows = figures.flatMap((figure) =>
    linesOf(figure)
      .filter(([, , , , , verdict]) => verdict)
      .map(([contender, median, , quartiles, target, verdict]) => [
        figure.title,
        contender,
        median,
        quartiles,
        target,
        verdict,
      ]),
  );
  return `### Targets\n\n${table(['', '', 'median', 'quartiles', 'target', ''], rows)}`;
}

function section(figure) {
  const rows = linesOf(figure).map(([contender, median, equal, quartiles]) => [contender, median, equal, quartiles]);
  return `### ${capitalised(titleOf(figure))}\n\n${table(['', 'median', '', 'quartiles'], rows)}`;
}

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
