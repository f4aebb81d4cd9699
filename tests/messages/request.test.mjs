// Requests and their replies, in both directions, and what becomes of them when the connection is lost.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { connect, reported, settled } from './support/wire.mjs';

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

/** Data of an error reply, and the text in it. What JSON can't hold comes from a codec. */
const errorData = [
  ['undefined', undefined, ''],
  ['null', null, ''],
  ['a text', 'not yours', ': not yours'],
  ['a number', 7, ': 7'],
  ['false', false, ': false'],
  ['an array', ['not yours'], ''],
  ['an empty object', {}, ''],
  ['a message that is null', { message: null }, ''],
  ['a message that is a number', { message: 7 }, ': 7'],
  ['a message that is an object', { message: { text: 'not yours' } }, ''],
  ['a message that can not be converted to text', { message: { toString: 1, valueOf: 1 } }, ''],
  ['a message without a prototype', { message: Object.create(null) }, ''],
  ['a message that is a symbol', { message: Symbol('mine') }, ': Symbol(mine)'],
  ['a symbol', Symbol('mine'), ': Symbol(mine)'],
  ['a bigint', 7n, ': 7'],
  ['a message that throws when it is read', Object.defineProperty({}, 'message', { get: throwing }), ''],
  ['a message that throws when it is converted', { message: { [Symbol.toPrimitive]: throwing } }, ''],
  ['a revoked proxy', revoked(), ''],
];
for (const [name, data, text] of errorData) {
  test(`an error reply with ${name} rejects with a ReplyError, and throws nothing into the page`, async () => {
    const { messages } = connect({ codec: { encode: JSON.stringify, decode: (message) => message } });
    const request = messages.request('history');
    messages.receive({ type: 'error', id: 1, data });
    const error = await request.catch((error) => error);
    assert.equal(error.name, 'ReplyError');
    assert.equal(error.message, `Undrop: the answer to history is an error${text}`);
    assert.equal(error.data, data);
  });
}

test('an error reply in JSON whose message can not be converted to text rejects too', async () => {
  const { messages, arrive } = connect();
  const request = messages.request('history');
  arrive('{"type":"error","id":1,"data":{"message":{"toString":1,"valueOf":1}}}');
  await assert.rejects(request, { name: 'ReplyError' });
});

test('whatever a peer sends, receive() throws nothing, and a request settles', async () => {
  const strange = [undefined, null, 0, Number.NaN, 1, '1', 1n, Symbol('id'), {}, [], Object.create(null), revoked()];
  const types = [...strange, 'reply', 'error', 'history', 'ask', 'chat', '*', 'binary', '__proto__', 'constructor'];
  reported.length = 0;
  for (const codec of [undefined, { encode: () => '', decode: (message) => message }]) {
    for (const envelope of [undefined, { data: false }, { type: 0, data: 1, id: 2 }]) {
      const { messages } = connect({ envelope, codec });
      for (const type of ['chat', '*']) messages.on(type, () => {});
      messages.handle('ask', (data) => data);
      const frame = (type, data, id) => (envelope?.type === 0 ? [type, data, id] : { type, data, id });
      let settledCount = 0;
      for (const type of types) {
        for (const id of strange) {
          for (const data of strange) {
            const message = frame(type, data, id);
            messages.receive(codec ? message : (json(message) ?? 'undefined'));
          }
        }
      }
      const request = messages.request('history', {}, { signal: new AbortController().signal });
      request.then(
        () => settledCount++,
        () => settledCount++,
      );
      for (const message of [...strange, ...errorData.map(([, data]) => frame('error', data, 1))])
        messages.receive(codec ? message : (json(message) ?? 'undefined'));
      await settled();
      assert.equal(settledCount, 1);
    }
  }
  assert.deepEqual(reported, []);
});

function throwing() {
  throw new Error('mine');
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** The message as JSON, if JSON can hold it. */
function json(message) {
  try {
    return JSON.stringify(message);
  } catch {
    return;
  }
}

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
  const request = messages.request('history', undefined, { timeout: 2 ** 40 });
  mock.timers.tick(2 ** 31 - 2);
  arrive({ id: 1, data: 'at last' });
  assert.equal(await request, 'at last');
});

test('a request without a timeout of its own waits 30 s, or as the option says', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  for (const [requestTimeout, waits] of [
    [undefined, 30_000],
    [7, 7],
  ]) {
    const { messages } = connect({ requestTimeout });
    const request = messages.request('history');
    let isOver = false;
    request.catch(() => {
      isOver = true;
    });
    mock.timers.tick(waits - 1);
    await settled();
    assert.equal(isOver, false);
    mock.timers.tick(1);
    await assert.rejects(request, { name: 'TimeoutError', message: `Undrop: no reply to history within ${waits} ms.` });
  }
});

test('an infinite timeout needs no timer', async (t) => {
  const setTimeout = t.mock.method(globalThis, 'setTimeout');
  const { messages, arrive } = connect({ requestTimeout: Infinity });
  const requests = [messages.request('history'), messages.request('history', 1, { timeout: Infinity })];
  assert.equal(setTimeout.mock.callCount(), 0);
  for (const id of [1, 2]) arrive({ id, data: id });
  assert.deepEqual(await Promise.all(requests), [1, 2]);
});

test('a signal may stand for the options, and for the data that a request does not have', async () => {
  const { messages, parsed } = connect();
  const controller = new AbortController();
  const requests = [messages.request('time', controller.signal), messages.request('history', 1, controller.signal)];
  assert.deepEqual(parsed(), [
    { type: 'time', id: 1 },
    { type: 'history', id: 2, data: 1 },
  ]);
  controller.abort(new Error('enough'));
  for (const request of requests) await assert.rejects(request, { message: 'enough' });
});

test('the time limit of all requests is a number from 0', () => {
  for (const requestTimeout of [Number.NaN, -1, 'soon'])
    assert.throws(() => connect({ requestTimeout }), { name: 'TypeError', message: /requestTimeout must be a number/ });
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
  test(`a request that waits for a connection is withdrawn by ${way}`, async (t) => {
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

test('a lost connection rejects the requests that had left, and those that wait go on', async () => {
  const wire = connect();
  const { messages } = wire;
  const left = messages.request('first');
  wire.isUp = false;
  const waits = messages.request('second');
  messages.dropped();
  await assert.rejects(left, { name: 'NetworkError', message: 'Undrop: no reply to first: the connection was lost.' });
  wire.up();
  wire.arrive({ id: 2, data: 'reply' });
  assert.equal(await waits, 'reply');
});

for (const outcome of ['sent', 'delivered']) {
  test(`a request that had waited and then was ${outcome} is lost with its connection`, async () => {
    const wire = connect();
    wire.isUp = false;
    const request = wire.messages.request('history');
    wire.messages.dropped();
    wire.up(outcome);
    wire.messages.dropped();
    await assert.rejects(request, {
      name: 'NetworkError',
      message: 'Undrop: no reply to history: the connection was lost.',
    });
  });
}

const outcomes = {
  expired: 'TimeoutError',
  overflow: 'QuotaExceededError',
  closed: 'InvalidStateError',
  withdrawn: 'NetworkError',
  unsent: 'NetworkError',
  unconfirmed: 'NetworkError',
  'unheard of': 'NetworkError',
};
for (const [outcome, name] of Object.entries(outcomes)) {
  test(`a request whose outcome is ${outcome} rejects with a ${name}, and says what the socket says of it`, async () => {
    const wire = connect();
    wire.isUp = false;
    const request = wire.messages.request('history');
    wire.giveUp(outcome);
    await assert.rejects(request, { name, message: `Undrop: no reply to history: the outcome is ${outcome}.` });
  });

  test(`an outcome of a request that is ${outcome} may be told before post() returns`, async () => {
    const wire = connect();
    wire.isUp = false;
    wire.onQueued = (told) => told(outcome);
    await assert.rejects(wire.messages.request('history'), { name });
    assert.deepEqual([wire.queue, wire.listening.at(-1)], [[], false]);
  });
}

test('a request that is told to have left before post() returns is lost with its connection', async () => {
  const wire = connect();
  wire.isUp = false;
  wire.onQueued = (told) => told('sent');
  const request = wire.messages.request('history');
  wire.messages.dropped();
  await assert.rejects(request, {
    name: 'NetworkError',
    message: 'Undrop: no reply to history: the connection was lost.',
  });
});

test('a request during which the page closes the socket rejects, and is withdrawn', async () => {
  const wire = connect();
  wire.isUp = false;
  wire.onQueued = () => wire.messages.closed();
  await assert.rejects(wire.messages.request('history'), { name: 'InvalidStateError' });
  assert.deepEqual([wire.queue, wire.listening.at(-1)], [[], false]);
});

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

for (const [name, thrown] of errorData.map(([name, data]) => [name, data])) {
  test(`an answer that throws ${name} is an error reply with a text`, async () => {
    const { messages, arrive, parsed } = connect();
    messages.handle('ask', () => Promise.reject(thrown));
    arrive({ type: 'ask', id: 1 });
    await settled();
    const [{ type, id, data }] = parsed();
    assert.deepEqual([type, id, typeof data.message], ['error', 1, 'string']);
    assert.notEqual(data.message, '');
  });
}

test('a reply that can not be encoded, nor an error in its place, is reported', async () => {
  const error = new Error('it encodes nothing');
  const encode = () => {
    throw error;
  };
  const { messages, sent } = connect({ codec: { encode, decode: (message) => message } });
  reported.length = 0;
  messages.handle('ask', () => 'told');
  messages.receive({ type: 'ask', id: 1 });
  await settled();
  assert.deepEqual([reported, sent], [[error], []]);
});

test('a reply that the socket does not take is reported', async () => {
  const wire = connect();
  reported.length = 0;
  wire.messages.handle('ask', () => 'told');
  wire.refusal = new DOMException('full', 'QuotaExceededError');
  wire.arrive({ type: 'ask', id: 1 });
  await settled();
  assert.deepEqual(reported, [wire.refusal]);
});

test('the outcome of a reply may be told before post() returns', async () => {
  const wire = connect();
  reported.length = 0;
  wire.messages.handle('ask', () => 'told');
  wire.isUp = false;
  wire.onQueued = (told) => told('overflow');
  wire.arrive({ type: 'ask', id: 1 });
  await settled();
  assert.equal(wire.queue.length, 1);
  // It has its outcome, so that there is nothing to withdraw.
  wire.messages.dropped();
  assert.equal(wire.queue.length, 1);
  assert.deepEqual(reported, []);
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

test('a type has one handle() at a time', async () => {
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

test('a reply goes to the connection of its request, not to a later one', async () => {
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
  answer('it waits when the connection is lost');
  await settled();
  assert.equal(wire.queue.length, 1);
  wire.messages.dropped();
  wire.up();
  assert.deepEqual(wire.sent, []);
});

test('a reply goes to no later connection, even if a handler of its request ended the first', async () => {
  const { messages, arrive, sent } = connect();
  messages.on('ask', () => messages.dropped());
  messages.handle('ask', () => 'told');
  arrive({ type: 'ask', id: 1 });
  await settled();
  assert.deepEqual(sent, []);
});
