// What a message of a session costs, counted and not timed.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { startCounting } from './costs/page.mjs';

const MESSAGES = 5_000;
/** An acknowledgement is for so many messages. */
const ACKNOWLEDGED = 32;
/** To accept a message and to hand it to the native socket; to count one that arrived; to send or read a control frame. */
const CROSSINGS = { sent: 2, received: 1, control: 40 };

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

    it('a message crosses at most twice, no object is made for it, and one acknowledgement is for many', async () => {
      await browser.goto(counting.page);
      const url = `${counting.server}/session`;
      const [first, second] = await browser.run('(...args) => converse(...args)', url, MESSAGES);
      for (const what of ['crossings', 'timers', 'controlsOut', 'controlsIn'])
        assert.ok(first.received.message[what] > 0, `the instruments count no ${what}`);

      const sent = second.sent.message;
      assert.ok(sent.crossings <= CROSSINGS.sent * MESSAGES, `${sent.crossings} crossings for what was sent`);
      assert.deepEqual(
        { timers: sent.timers, made: sent.made, controls: sent.controlsOut },
        { timers: 0, made: 0, controls: 0 },
      );

      const received = second.received.message;
      const controls = received.controlsOut + received.controlsIn;
      const ofControls = CROSSINGS.control * controls;
      assert.ok(
        received.crossings <= CROSSINGS.received * MESSAGES + ofControls,
        `${received.crossings} crossings for what arrived, with ${controls} control frames`,
      );
      assert.ok(received.controlsOut <= MESSAGES / ACKNOWLEDGED, `${received.controlsOut} acknowledgements`);
      // One timer serves many acknowledgements.
      assert.ok(received.timers < received.controlsOut / 4, `${received.timers} timers that were set`);
      assert.equal(received.made, 0, 'objects of the browser that were made');
      assert.ok(!second.grew, 'the memory of wasm grew');
    });
  });
}
