// What a message of a session costs, counted and not timed.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { startCounting } from './costs/page.mjs';

const MESSAGES = 5_000;
/** Each is acknowledged with so many others. */
const ACKNOWLEDGED = 32;
/** To take a message and to give it to the socket; to count one that arrived. */
const CROSSINGS = { sent: 2, received: 1 };
/** A frame of the session's own crosses letter by letter. */
const CROSSINGS_OF_A_FRAME = 40;

for (const [name, start] of Object.entries(browsers)) {
  describe(name, () => {
    let counting;
    let browser;

    before(async () => {
      counting = await startCounting('session.js');
      browser = await start();
    });
    after(async () => {
      await browser?.quit();
      await counting?.stop();
    });

    it('a message crosses a few times, makes nothing, and is acknowledged with its neighbours', async () => {
      await browser.goto(counting.page);
      const url = `${counting.server}/session`;
      const [first, second] = await browser.run('(...args) => converse(...args)', url, MESSAGES);
      for (const what of ['crossings', 'timers', 'said', 'told'])
        assert.ok(first.received.message[what] > 0, `the instruments see no ${what}`);

      const sent = second.sent.message;
      assert.ok(sent.crossings <= CROSSINGS.sent * MESSAGES, `${sent.crossings} crossings for what was sent`);
      assert.deepEqual({ timers: sent.timers, made: sent.made, said: sent.said }, { timers: 0, made: 0, said: 0 });

      const received = second.received.message;
      const ofFrames = CROSSINGS_OF_A_FRAME * (received.said + received.told);
      assert.ok(
        received.crossings <= CROSSINGS.received * MESSAGES + ofFrames,
        `${received.crossings} crossings for what arrived, with ${received.said + received.told} frames`,
      );
      assert.ok(received.said <= MESSAGES / ACKNOWLEDGED, `${received.said} acknowledgements`);
      // It goes off once for many acknowledgements.
      assert.ok(received.timers < received.said / 4, `${received.timers} timers that were set`);
      assert.equal(received.made, 0, 'objects of the browser that were made');
      assert.ok(!second.grew, 'the memory of wasm grew');
    });
  });
}
