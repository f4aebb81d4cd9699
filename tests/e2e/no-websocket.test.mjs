// Where a page is rendered there may be no WebSocket.

import assert from 'node:assert/strict';
import { test } from 'node:test';

test('without a WebSocket the module loads, and the constructor says what to do', async () => {
  delete globalThis.WebSocket;
  for (const entry of ['index', 'messages', 'session', 'all']) {
    const { Undrop } = await import(`../../dist/${entry}.js`);
    assert.throws(
      () => new Undrop('wss://example.org/room'),
      /no WebSocket here\. Make the socket in a browser/,
      entry,
    );
  }
});
