// Servers that were broken on purpose are found out, by the check that is about it, and in words that name the mistake.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faults, serve } from './broken/server.mjs';
import { undrop, users } from './program.mjs';

/** The check that finds each fault, what it says came, and what had to come. */
const found = {
  acknowledgesTooMuch: [
    'ack',
    /^ack 2, which acknowledges messages that the server can't have$/,
    /^an ack of at most 1/,
  ],
  neverAcknowledges: ['ack', /^nothing$/, /^ack 1$/],
  forgetsOutbox: ['retransmission', /^nothing$/, /^the message "three"$/],
  sendsTwice: ['resume', /^the message "three"$/, /^the message "four"$/],
  sendsOutOfOrder: ['retransmission', /^the message "four"$/, /^the message "three"$/],
  ignoresAttempt: ['late attempt', /^resumed 1 1000 65536$/, /^a close frame with 4000$/],
  answersWrongCode: ['violation', /^a close frame with 1008/, /^a close frame with 1002$/],
  ignoresMalformed: ['malformed frames', /^nothing$/, /^a close frame with 1002$/],
  acceptsZeros: ['malformed frames', /^nothing$/, /^a close frame with 1002$/],
  doesNotEscape: ['escape', /^a text with one U\+0010 in front that is neither/, /^a message, or a control frame/],
  doesNotUnescape: ['escape', /^the message "\\u0010\\u0010"$/, /^the message "\\u0010"$/],
  acceptsForeignToken: ["another user's token", /^resumed 1 1000 65536$/, /^welcome TOKEN TTL SPREAD LARGEST$/],
  forgetsWhenClosed: ['close frame', /^welcome TOKEN-2 60000 1000 65536$/, /^resumed 1 SPREAD LARGEST$/],
  keepsBoth: ['takeover', /^(?:the message "of the past"|nothing)$/, /^a close frame with 4000$/],
  neverLoses: ['resume of the future', /^resumed 2 1000 65536$/, /^welcome TOKEN TTL SPREAD LARGEST lost$/],
  selectsAnything: ['other subprotocols', /that selects undrop\.1\+no-app-speaks-this$/, /^a refusal, or a connection/],
  neverPongs: ['ping', /^nothing$/, /^pong 0$/],
  endsAtOnce: ['end', /^a close frame with 1000$/, /^end$/],
  tokenAgain: ['welcome', /^the same one twice$/, /^a token that is new for each session$/],
  acceptsAnySize: ['too large', /^the message 65537 bytes$/, /^a close frame with 1009$/],
  closesTheSilentWell: ['silent client', /^a close frame with 1000/, /^a close frame with 4001$/],
  keepsEverything: ['unacknowledged', /^2048 messages of 65536 bytes/, /^an end to what is sent/],
};

test('each fault is looked for', () => {
  assert.deepEqual(Object.keys(found), Object.keys(faults));
});

describe('a server is found out that', { concurrency: 8 }, () => {
  for (const [fault, [name, came, must]] of Object.entries(found)) {
    test(faults[fault], async () => {
      const server = await serve([fault], { greeting: name === 'silent client' ? 100 : 10_000 });
      const { code, stdout } = await undrop('check', server.url, '--json', '--slow', '--only', name, ...users);
      await server.stop();
      const [result] = JSON.parse(stdout);
      assert.equal(result.result, 'wrong');
      assert.match(result.came, came);
      assert.match(result.must, must);
      assert.equal(code, 1);
    });
  }
});
