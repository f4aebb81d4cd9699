// What a message of a session costs, counted and not timed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { useCounting } from './costs/page.mjs';

const MESSAGES = 5_000;
/** An acknowledgement is for so many messages. */
const ACKNOWLEDGED = 32;
const CROSSINGS = {
  /** To put a message into the outbox, and to hand it to the native socket. */
  sent: 2,
  /** To count a message that arrived. */
  received: 1,
  /** To read a control frame: the call, its second character, the text after the escape, that text's bytes and the memory for
   * them, and the two clocks. */
  controlIn: 7,
  /** To send an acknowledgement: the two clocks at the first message that it is for, and the call of the native socket. */
  controlOut: 3,
  /** To set the timer: the two clocks, a closure and the call, and three to drop the one before. */
  timer: 7,
};

for (const [name, start] of Object.entries(browsers)) {
  describe(name, () => {
    const counting = useCounting('session.js', start);

    it('a message crosses at most twice, no object is made for it, and one acknowledgement is for many', async () => {
      const [first, second] = await counting.call('converse', counting.url('/session'), MESSAGES);
      for (const what of ['crossings', 'timers', 'controlsOut', 'controlsIn'])
        assert.ok(first.received.message[what] > 0, `the instruments count no ${what}`);

      const sent = second.sent.message;
      assert.ok(sent.crossings <= CROSSINGS.sent * MESSAGES, `${sent.crossings} crossings for what was sent`);
      assert.deepEqual(
        { timers: sent.timers, made: sent.made, controls: sent.controlsOut },
        { timers: 0, made: 0, controls: 0 },
      );

      const { message: received, timer } = second.received;
      // What a timer acknowledges has read the clocks when it arrived, and so has what is not acknowledged yet.
      const acknowledgements = received.controlsOut + timer.controlsOut + 1;
      const expected =
        CROSSINGS.received * MESSAGES +
        CROSSINGS.controlIn * received.controlsIn +
        CROSSINGS.controlOut * acknowledgements +
        CROSSINGS.timer * received.timers;
      assert.ok(received.crossings <= expected, `${received.crossings} crossings, at most ${expected} were expected`);
      assert.ok(received.controlsOut <= MESSAGES / ACKNOWLEDGED, `${received.controlsOut} acknowledgements`);
      // One timer serves many acknowledgements.
      assert.ok(received.timers < received.controlsOut / 4, `${received.timers} timers that were set`);
      assert.equal(received.made, 0, 'objects of the browser that were made');
      assert.ok(!second.grew, 'the memory of wasm grew');
    });
  });
}
