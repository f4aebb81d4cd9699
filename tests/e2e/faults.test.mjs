// What the line does when the server, the network, the browser or the user injures it: one table of faults, each in
// real pages of both browsers.

import { after, before, describe, it } from 'node:test';
import { buildPrograms } from '../../scripts/lib/test-server.mjs';
import { names, startBench } from './faults/bench.mjs';
import { frozen, pageLife } from './faults/page-life.mjs';
import { passage } from './faults/passage.mjs';
import { wishes } from './faults/wishes.mjs';
import { wounds } from './faults/wounds.mjs';

const ROWS = [...wounds, ...passage, ...pageLife, ...wishes, ...frozen];
const TIMEOUT = 60_000;
const MOST = 12;

const table = [];
await buildPrograms();

describe('faults', { concurrency: names.length }, () => {
  for (const name of names) {
    describe(name, { concurrency: 1 }, () => {
      let bench;
      before(async () => {
        bench = await startBench(name);
      });
      after(() => bench.stop());
      for (const row of ROWS.filter(({ only = name }) => only === name)) {
        it(row.fault, { timeout: TIMEOUT }, async () => {
          table.push({ fault: row.fault, name, ...(await bench.run(row)) });
        });
      }
    });
  }
  after(print);
});

function print() {
  const faults = [...new Set(table.map(({ fault }) => fault))];
  const rows = faults.flatMap((fault) => table.filter((row) => row.fault === fault));
  const width = Math.max(...faults.map((fault) => fault.length));
  console.log(`\n${'fault'.padEnd(width)}  browser   ms to recovery  events`);
  for (const { fault, name, ms, events } of rows)
    console.log(`${fault.padEnd(width)}  ${name.padEnd(8)}  ${String(ms ?? '').padStart(14)}  ${short(events)}`);
}

/** Nobody reads hundreds of them. */
const short = (events) =>
  events.length > MOST ? `${events.slice(0, MOST).join(', ')}, … (${events.length} events)` : events.join(', ');
