// What a message costs, counted and not timed: at most one crossing into WebAssembly, no timer, no object of the browser's,
// no memory of the module's.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { useCounting } from './costs/page.mjs';

const MESSAGES = 5_000;
/** How many bytes of its memory the module may change for any number of messages: counts, flags and the stack. */
const SCRATCH = 64;

const heartbeat = { interval: 60_000, message: 'ping', reply: 'pong' };
const configurations = { 'by default': {}, 'without retry': { retry: false }, 'with a heartbeat': { heartbeat } };

describe('Chromium', () => {
  const counting = useCounting('plain.js', browsers.Chromium);

  for (const [which, options] of Object.entries(configurations)) {
    for (const how of ['a handler', 'a listener', 'the last of three listeners']) {
      it(`a message for ${how} crosses at most once and keeps no memory, ${which}`, async () => {
        const url = counting.url(`/push?count=${2 * MESSAGES}&size=100`);
        const found = await counting.call('receive', url, MESSAGES, how, options);
        assert.equal(found.messagesIn, 2 * MESSAGES, 'messages that the module has counted');
        check(found);
      });
    }

    it(`a message that is sent crosses at most once and keeps no memory, ${which}`, async () => {
      check(await counting.call('send', counting.url('/echo'), MESSAGES, options));
    });
  }
});

function check({ message: { crossings, timers, made }, first, changed }) {
  for (const what of ['crossings', 'timers', 'made'])
    assert.ok(first.message[what] > 0, `the instruments count no ${what}`);
  assert.ok(crossings <= MESSAGES, `${crossings} crossings for ${MESSAGES} messages`);
  assert.equal(timers, 0, 'timers that were set');
  assert.equal(made, 0, 'objects of the browser that were made');
  assert.notEqual(changed, undefined, 'the memory of wasm grew');
  assert.ok(changed <= SCRATCH, `${changed} bytes of the memory of wasm changed`);
}
