// Requests and their replies, in both directions, and what becomes of them when the line is lost.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { connect, settled } from './support/wire.mjs';

for (const type of [undefined, null, 'reply', 'history']) {
  test(`a message with the id of a request is its reply if its type is ${type}`, async () => {
    const { messages, arrive, listening } = connect();
    const request = messages.request('history', { limit: 2 });
    arrive({ type, id: 1, data: ['old'] });
    assert.deepEqual(await request, ['old']);
    assert.deepEqual(listening, [true, false]);
    assert.equal(messages.unhandled, 0);
  });
}

test('a reply reaches no handler', async () => {
  const { messages, arrive, heard } = connect();
  const all = heard('*');
  const request = messages.request('history');
  arrive({ type: 'history', id: 1, data: 1 });
  await request;
  assert.deepEqual(all, []);
});

test('a message of another type is none, whatever its id', async () => {
  const { messages, arrive, heard } = connect();
  const chat = heard('chat');
  const request = messages.request('history');
  arrive({ type: 'chat', id: 1, data: 'no reply' });
  arrive({ id: 1, data: 'reply' });
  assert.deepEqual(chat, ['no reply']);
  assert.equal(await request, 'reply');
});

test('what this end answers is a request of the other end, even with the id of one of ours', async () => {
  const { messages, arrive, parsed } = connect();
  messages.handle('whois', () => 'me');
  const request = messages.request('whois');
  arrive({ type: 'whois', id: 1 });
  await settled();
  assert.deepEqual(parsed(), [
    { type: 'whois', id: 1 },
    { type: 'reply', id: 1, data: 'me' },
  ]);
  arrive({ type: 'reply', id: 1, data: 'you' });
  assert.equal(await request, 'you');
});

test('replies find their requests in any order', async () => {
  const { messages, arrive, parsed } = connect();
  const requests = [messages.request('a'), messages.request('b'), messages.request('a')];
  assert.deepEqual(
    parsed().map(({ id }) => id),
    [1, 2, 3],
  );
  for (const id of [3, 1, 2]) arrive({ id, data: `reply ${id}` });
  assert.deepEqual(await Promise.all(requests), ['reply 1', 'reply 2', 'reply 3']);
});

test('an error reply rejects, with what it holds', async () => {
  const { messages, arrive } = connect();
  const request = messages.request('history');
  arrive({ type: 'error', id: 1, data: { message: 'not yours', code: 7 } });
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'ReplyError');
    assert.match(error.message, /history.*not yours/);
    assert.deepEqual(error.data, { message: 'not yours', code: 7 });
    return true;
  });
});

test('a second reply is counted, and nothing else', async () => {
  const { messages, arrive, heard, complaints } = connect();
  heard('chat');
  const request = messages.request('history');
  arrive({ id: 1, data: 'first' });
  arrive({ id: 1, data: 'second' });
  arrive({ type: 'reply', id: 1, data: 'third' });
  assert.equal(await request, 'first');
  assert.equal(messages.unhandled, 2);
  assert.deepEqual(complaints, []);
});

test('a request that can not be sent rejects, and is forgotten', async () => {
  const wire = connect();
  wire.refusal = new DOMException('full', 'QuotaExceededError');
  await assert.rejects(wire.messages.request('history'), wire.refusal);
  assert.deepEqual(wire.listening, []);
});

test('a request that takes too long rejects, and its late reply is counted', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { messages, arrive, heard } = connect();
  heard('chat');
  const request = messages.request('history', undefined, { timeout: 5_000 });
  mock.timers.tick(4_999);
  await settled();
  mock.timers.tick(1);
  await assert.rejects(request, { name: 'TimeoutError', message: /history within 5000 ms/ });
  arrive({ id: 1, data: 'late' });
  assert.equal(messages.unhandled, 1);
});

test('a timeout beyond what timers can count is as long as they can', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { messages, arrive } = connect();
  const request = messages.request('history', undefined, { timeout: Infinity });
  mock.timers.tick(2 ** 31 - 2);
  arrive({ id: 1, data: 'at last' });
  assert.equal(await request, 'at last');
});

test('a timeout is a number from 0', async () => {
  const { messages, sent } = connect();
  for (const timeout of [Number.NaN, -1, 'soon'])
    await assert.rejects(messages.request('history', 1, { timeout }), { name: 'TypeError', message: /timeout/ });
  assert.deepEqual(sent, []);
});

test('an aborted request rejects with the reason of its signal', async () => {
  const { messages, arrive, listening } = connect();
  const controller = new AbortController();
  const request = messages.request('history', 1, { signal: controller.signal });
  const reason = new Error('changed my mind');
  controller.abort(reason);
  await assert.rejects(request, reason);
  assert.deepEqual(listening, [true, false]);
  arrive({ id: 1 });
});

test('a request whose signal was aborted before is not sent', async () => {
  const { messages, sent } = connect();
  await assert.rejects(messages.request('history', 1, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.deepEqual(sent, []);
});

test('a request that is over leaves nothing at its signal', async () => {
  const { messages, arrive } = connect();
  const listeners = new Set();
  const signal = {
    aborted: false,
    throwIfAborted() {},
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  };
  const request = messages.request('history', 1, { signal });
  const undo = messages.on('chat', () => {}, { signal });
  assert.equal(listeners.size, 2);
  arrive({ id: 1 });
  await request;
  undo();
  assert.equal(listeners.size, 0);
});

for (const way of ['abort', 'timeout']) {
  test(`a request that waits for the line is taken back by ${way}`, async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    const wire = connect();
    wire.isUp = false;
    const controller = new AbortController();
    const request = wire.messages.request('history', 1, { signal: controller.signal, timeout: 100 });
    wire.messages.emit('say', 2);
    assert.equal(wire.queue.length, 2);
    if (way === 'abort') controller.abort();
    else mock.timers.tick(100);
    await assert.rejects(request);
    wire.up();
    assert.deepEqual(wire.parsed(), [{ type: 'say', data: 2 }]);
  });
}

test('a lost line rejects the requests that had left with it, and those that wait go on', async () => {
  const wire = connect();
  const { messages } = wire;
  const left = messages.request('first');
  wire.isUp = false;
  const waits = messages.request('second');
  messages.dropped();
  await assert.rejects(left, { name: 'NetworkError', message: /lost/ });
  wire.up();
  wire.arrive({ id: 2, data: 'reply' });
  assert.equal(await waits, 'reply');
});

test('a request that had waited and then left is lost with its line', async () => {
  const wire = connect();
  wire.isUp = false;
  const request = wire.messages.request('history');
  wire.messages.dropped();
  wire.up();
  wire.messages.dropped();
  await assert.rejects(request, { name: 'NetworkError' });
});

const fates = { expired: 'TimeoutError', overflow: 'QuotaExceededError', closed: 'InvalidStateError' };
for (const [fate, name] of Object.entries(fates)) {
  test(`a request that leaves the queue as ${fate} rejects with a ${name}`, async () => {
    const wire = connect();
    wire.isUp = false;
    const request = wire.messages.request('history');
    wire.giveUp(fate);
    await assert.rejects(request, { name });
  });
}

test('the end rejects all that waits', async () => {
  const { messages, listening } = connect();
  const waiting = [messages.request('history'), messages.next('chat')];
  messages.closed();
  for (const { reason } of await Promise.allSettled(waiting)) assert.equal(reason?.name, 'InvalidStateError');
  assert.deepEqual(listening, [true, false]);
});

test('next() is the next message of its type, once', async () => {
  const { messages, arrive } = connect();
  const next = messages.next('chat');
  arrive({ type: 'news', data: 0 });
  arrive({ type: 'chat', data: 1 });
  arrive({ type: 'chat', data: 2 });
  assert.equal(await next, 1);
  assert.equal(messages.unhandled, 1);
});

test('next() heeds its timeout and its signal', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { messages, listening } = connect();
  const late = messages.next('chat', { timeout: 10 });
  mock.timers.tick(10);
  await assert.rejects(late, { name: 'TimeoutError', message: /chat within 10 ms/ });
  const controller = new AbortController();
  const aborted = messages.next('chat', { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  assert.deepEqual(listening, [true, false, true, false]);
});

test('a request of the other end is answered, and handlers of its type see it too', async () => {
  const { messages, arrive, heard, parsed } = connect();
  const seen = heard('sum');
  messages.handle('sum', async ({ a, b }, type) => `${type} ${a + b}`);
  arrive({ type: 'sum', id: 'x7', data: { a: 1, b: 2 } });
  await settled();
  assert.deepEqual(parsed(), [{ type: 'reply', id: 'x7', data: 'sum 3' }]);
  assert.deepEqual(seen, [{ a: 1, b: 2 }]);
  assert.equal(messages.unhandled, 0);
});

test('what an answer throws, or rejects with, is an error reply', async () => {
  const { messages, arrive, parsed } = connect();
  messages.handle('throws', () => {
    throw new RangeError('too far');
  });
  messages.handle('rejects', () => Promise.reject('no error at all'));
  messages.handle('circles', () => {
    const circle = {};
    circle.circle = circle;
    return circle;
  });
  arrive({ type: 'throws', id: 1 });
  arrive({ type: 'rejects', id: 2 });
  arrive({ type: 'circles', id: 3 });
  await settled();
  const [first, second, third] = parsed().sort((a, b) => a.id - b.id);
  assert.deepEqual(first, { type: 'error', id: 1, data: { message: 'too far' } });
  assert.deepEqual(second, { type: 'error', id: 2, data: { message: 'no error at all' } });
  assert.equal(third.type, 'error');
});

test('a message without an id is no request', async () => {
  const { messages, arrive, sent } = connect();
  let asked = 0;
  messages.handle('ask', () => asked++);
  arrive({ type: 'ask' });
  arrive({ type: 'ask', id: null });
  await settled();
  assert.deepEqual([asked, sent], [0, []]);
  assert.equal(messages.unhandled, 2);
});

test('a type has one who answers', async () => {
  const { messages, arrive, parsed } = connect();
  const undo = messages.handle('ask', () => 'first');
  assert.throws(() => messages.handle('ask', () => 'second'), { name: 'InvalidStateError', message: /ask/ });
  undo();
  messages.handle('ask', () => 'second');
  undo();
  arrive({ type: 'ask', id: 1 });
  await settled();
  assert.equal(parsed()[0].data, 'second');
});

test('an answer goes to who asked: not to another line', async () => {
  const wire = connect();
  let answer;
  wire.messages.handle('ask', () => new Promise((resolve) => (answer = resolve)));
  wire.arrive({ type: 'ask', id: 1 });
  wire.messages.dropped();
  answer('too late');
  await settled();
  assert.deepEqual(wire.sent, []);

  wire.arrive({ type: 'ask', id: 2 });
  wire.isUp = false;
  answer('not yet known to be too late');
  await settled();
  assert.equal(wire.queue.length, 1);
  wire.messages.dropped();
  wire.up();
  assert.deepEqual(wire.sent, []);
});
