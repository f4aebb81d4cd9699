// Clients talk to two nodes through real proxies, which are configured by the very blocks of docs/in-production.md, while the
// proxy is reloaded, nodes are restarted, and one is killed. All clients are back each time, and nothing is lost.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { CLIENTS, operate, table } from './support/operations.mjs';
import { names } from './support/proxies.mjs';

const byProxy = {};

describe('in production', () => {
  after(() => {
    if (Object.keys(byProxy).length === names.length) console.log(table(byProxy));
  });

  for (const name of names) {
    it(`behind ${name} nothing is lost, duplicated or reordered, and all clients are back`, {
      timeout: 240_000,
    }, async () => {
      const rows = await operate(name);
      byProxy[name] = rows;
      for (const { phase, lost, duplicated, reordered } of rows)
        assert.deepEqual([phase, lost, duplicated, reordered], [phase, 0, 0, 0]);
      // Each phase did what it says.
      const [, reloaded, restarted, killed] = rows.map(({ aways }) => aways.length);
      assert.ok(reloaded >= CLIENTS && restarted >= CLIENTS && killed > 0, `${reloaded}, ${restarted}, ${killed}`);
    });
  }
});
