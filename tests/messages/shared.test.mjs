// The messages of the client and of `undrop-server` are the same: server/src/typed/tests.rs reads the same cases.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect, settled } from './support/wire.mjs';

const cases = JSON.parse(readFileSync(new URL('envelopes.json', import.meta.url), 'utf8'));

for (const { envelope, type, data, message, request, reply, error } of cases) {
  const name = JSON.stringify(envelope);

  test(`messages and requests are those that the server reads: ${name}`, async () => {
    const { messages, parsed, arrive } = connect({ envelope });
    messages.emit(type, data);
    const answer = messages.request(type, data);
    assert.deepEqual(parsed(), [message, request]);
    arrive(reply);
    assert.deepEqual(await answer, envelope.data === false ? reply : data);
  });

  test(`replies and errors are those that the server reads: ${name}`, async () => {
    const { messages, parsed, arrive } = connect({ envelope });
    let fails = false;
    messages.handle(type, () => {
      if (fails) throw new Error('no');
      return data;
    });
    arrive(request);
    await settled();
    fails = true;
    arrive(request);
    await settled();
    assert.deepEqual(parsed(), [reply, error]);
  });

  test(`an error of the server rejects the request: ${name}`, async () => {
    const { messages, arrive } = connect({ envelope });
    const answer = messages.request(type, data);
    arrive(error);
    await assert.rejects(answer, { name: 'ReplyError', message: /no$/ });
  });
}
