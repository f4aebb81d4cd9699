// What a socket does at faults of the server, the network and the page, and at what the user asks for: one table, of
// which each row runs in real pages of both browsers.

import { after, before, describe, it } from 'node:test';
import { buildPrograms } from '../../scripts/lib/test-server.mjs';
import { networkFaults } from './faults/network-faults.mjs';
import { frozen, pageLifecycle } from './faults/page-lifecycle.mjs';
import { names, startRunner } from './faults/runner.mjs';
import { serverFaults } from './faults/server-faults.mjs';
import { userActions } from './faults/user-actions.mjs';

const ROWS = [...serverFaults, ...networkFaults, ...pageLifecycle, ...userActions, ...frozen];
const TIMEOUT = 60_000;
const MOST = 12;

const table = [];
await buildPrograms();

describe('faults', { concurrency: names.length }, () => {
  for (const name of names) {
    describe(name, { concurrency: 1 }, () => {
      let runner;
      before(async () => {
        runner = await startRunner(name);
      });
      after(() => runner.stop());
      for (const row of ROWS.filter(({ only = name }) => only === name)) {
        it(row.fault, { timeout: TIMEOUT }, async () => {
          table.push({ fault: row.fault, name, ...(await runner.run(row)) });
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

/** Hundreds of events would be unreadable. */
const short = (events) =>
  events.length > MOST ? `${events.slice(0, MOST).join(', ')}, … (${events.length} events)` : events.join(', ');
