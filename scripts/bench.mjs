// `npm run bench`: this package against the browser's own socket and its peers, in one run.
// `npm run bench -- --quick` is short and rough; `npm run bench -- receive echo` does these rows;
// `npm run bench -- --write` writes the table of what it did into docs/benchmarks.md.

import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { browserVersion, findChromium } from './lib/browsers.mjs';
import { Failure, heading, main, seconds, step } from './lib/log.mjs';
import { installPackages } from './lib/packages.mjs';
import { inRoot } from './lib/paths.mjs';
import { setUpAndBuild } from './lib/setup.mjs';
import { buildPrograms } from './lib/test-server.mjs';

await main(async (args) => {
  const { quick, chosen, write } = options(args);
  heading('set-up');
  await setUpAndBuild('chromium', 'redis-server', 'nginx');
  // Their scripts are for their own developers.
  const contenders = () => installPackages('bench', '--ignore-scripts');
  await step('Contenders', 'the peers, in a folder of their own', contenders);
  // Only now are there the packages that these import.
  const { rows } = await import('../bench/rows/index.mjs');
  const { buildServer, setStage } = await import('../bench/lib/stage.mjs');
  const { digest, head, load, print } = await import('../bench/lib/table.mjs');
  const { writePage } = await import('../bench/lib/page.mjs');
  await step('Servers', 'what the contenders talk to', async () => {
    await buildServer();
    await buildPrograms();
  });

  const names = rows.map(({ name }) => name);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Failure(`There is no row ${unknown}; there are ${names.join(', ')}`);
  const begun = { at: new Date().toISOString(), load: loadavg() };
  const start = performance.now();
  const figures = [];
  const stage = await setStage({ quick });
  try {
    for (const row of rows.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
      heading(`${row.name} (${load()})`);
      const begins = performance.now();
      // Otherwise the contenders of the last row would stay connected beside this one's.
      await stage.browser.goto('about:blank');
      const found = (await row.run(stage)).map((figure) => digest(row.name, figure));
      console.log(head());
      for (const figure of found) print(figure);
      console.log(`\n  took ${seconds(begins)}; ${load()}`);
      figures.push(...found);
    }
  } finally {
    await stage.strike();
  }
  const machine = { cpus: cpus().map(({ model }) => model), chromium: browserVersion(findChromium()) };
  const took = `${Math.round((performance.now() - start) / 60_000)} minutes`;
  const results = { ...begun, rows: chosen, took, loadAtEnd: loadavg(), quick, machine, figures };
  writeFileSync(inRoot('bench/results.json'), `${JSON.stringify(results, null, 2)}\n`);
  if (write) writePage(results);
  conclude(figures);
  console.log(`\nIt took ${took}. The figures are in bench/results.json${write ? ' and docs/benchmarks.md' : ''}.`);
});

function options(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (values.write && values.quick) throw new Error('What is written is not a rough table.');
    return { ...values, chosen: positionals };
  } catch (error) {
    throw new Failure(`${error.message}\nusage: npm run bench -- [--quick | --write] [row ...]`);
  }
}

function conclude(figures) {
  heading('targets');
  const judged = figures.flatMap(({ title, measured }) =>
    measured.filter(({ verdict }) => verdict).map(({ contender, verdict }) => ({ title, contender, verdict })),
  );
  for (const verdict of ['met', 'in the noise', 'missed'])
    console.log(`${verdict}: ${judged.filter((one) => one.verdict === verdict).length}`);
  for (const { title, contender, verdict } of judged)
    if (verdict !== 'met') console.log(`  ${verdict}: ${contender}: ${title}`);
}
