// What a drop costs, and the attempt after it, counted and not timed: docs/architecture.md has the figures.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { browsers } from '../support/browsers.mjs';
import { useCounting } from './costs/page.mjs';

describe('Chromium', () => {
  const counting = useCounting('reconnecting.js', browsers.Chromium);

  it('a drop crosses 12 times, the attempt after it 14 times, and its opening 7 times', async () => {
    const counted = await counting.call('reconnect', 'plain', counting.url('/reset?after=1'), {}, 'open');
    assert.deepEqual(counted, { drop: 12, attempt: 14, open: 7 });
  });

  it('a session that resumes crosses 14 times, and once for each message that is sent again', async () => {
    const counted = await counting.call(
      'reconnect',
      'session',
      counting.url('/session?cut=1'),
      { resume: true },
      'resume',
    );
    assert.equal(counted.open, 14 + 1);
  });
});
