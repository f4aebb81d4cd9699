// Schemas: data that fits is delivered, data that does not is reported, and messages keep their order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { z } from 'zod';
import { connect, reported, schema, settled, slowSchema } from './support/wire.mjs';

const libraries = {
  zod: {
    chat: z.object({ text: z.string(), at: z.string().transform(Number).default(0) }),
    slow: z.object({ text: z.string() }).refine(async () => true),
  },
  valibot: {
    chat: v.object({
      text: v.string(),
      at: v.optional(v.pipe(v.string(), v.transform(Number)), '0'),
    }),
    slow: v.objectAsync({
      text: v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ),
    }),
  },
};

for (const [name, { chat, slow }] of Object.entries(libraries)) {
  test(`${name}: handlers get what the schema makes of the data`, () => {
    const { arrive, heard } = connect({ schemas: { incoming: { chat } } });
    const seen = heard('chat');
    arrive({ type: 'chat', data: { text: 'hi', at: '7', more: 1 } });
    arrive({ type: 'chat', data: { text: 'ho' } });
    assert.deepEqual(seen, [
      { text: 'hi', at: 7 },
      { text: 'ho', at: 0 },
    ]);
  });

  test(`${name}: what does not fit is told with its issues, its type and the raw message, and reaches nobody`, () => {
    const { messages, arrive, heard, complaints } = connect({ schemas: { incoming: { chat } } });
    const seen = [heard('chat'), heard('*')];
    arrive('{"type":"chat","data":{"text":7}}');
    const [{ data, reason, messageType, issues }] = complaints;
    assert.deepEqual([data, reason, messageType], ['{"type":"chat","data":{"text":7}}', 'schema', 'chat']);
    assert.equal(issues.length, 1);
    assert.match(issues[0].message, /expected string/i);
    assert.deepEqual(
      issues[0].path.map((part) => part.key ?? part),
      ['text'],
    );
    assert.deepEqual(seen, [[], []]);
    assert.deepEqual([messages.invalid, messages.unhandled], [1, 0]);
  });

  test(`${name}: an async schema holds back what comes after it`, async () => {
    const { arrive, heard, complaints } = connect({ schemas: { incoming: { slow } } });
    const all = heard('*');
    arrive({ type: 'slow', data: { text: 'first' } });
    arrive({ type: 'quick', data: 'second' });
    arrive({ type: 'slow', data: { text: 3 } });
    arrive({ type: 'quick', data: 'last' });
    assert.deepEqual(all, []);
    await settled();
    assert.deepEqual(all, [{ text: 'first' }, 'second', 'last']);
    assert.equal(complaints.length, 1);
  });

  test(`${name}: what leaves is checked too, and is what the schema makes of it`, () => {
    const { messages, parsed } = connect({ schemas: { outgoing: { chat } } });
    messages.emit('chat', { text: 'hi', at: '7' });
    messages.emit('free', { text: 7 });
    assert.throws(() => messages.emit('chat', { text: 7 }), {
      name: 'TypeError',
      message: /chat.*text: .*expected string/i,
    });
    assert.deepEqual(parsed(), [
      { type: 'chat', data: { text: 'hi', at: 7 } },
      { type: 'free', data: { text: 7 } },
    ]);
  });
}

test('without an async schema everything is told at once', () => {
  const { arrive, heard } = connect({ schemas: { incoming: { chat: schema((value) => ({ value })) } } });
  const seen = heard('chat');
  arrive({ type: 'chat', data: 1 });
  assert.deepEqual(seen, [1]);
});

test('a reply waits behind an async schema, is not checked itself, and comes before the end', async () => {
  const { slow, answers } = slowSchema();
  const { messages, arrive, listening } = connect({ schemas: { incoming: { slow, history: slow } } });
  const order = [];
  const undo = messages.on('slow', () => order.push('message'));
  const request = messages.request('history').then((data) => order.push(data));
  const next = messages.next('never').catch(({ name }) => order.push(name));
  arrive({ type: 'slow' });
  arrive({ type: 'history', id: 1, data: 'reply' });
  messages.closed();
  await settled();
  assert.deepEqual(order, []);
  answers[0]({ value: 1 });
  await Promise.all([request, next]);
  assert.deepEqual(order, ['message', 'reply', 'InvalidStateError']);
  undo();
  assert.deepEqual(listening, [true, false]);
});

test('a request that is sent while the loss of the last connection still waits its turn is not lost with it', async () => {
  const { slow, answers } = slowSchema();
  const { messages, arrive, heard } = connect({ schemas: { incoming: { slow } } });
  heard('slow');
  const old = messages.request('first');
  arrive({ type: 'slow' });
  messages.dropped();
  const fresh = messages.request('second');
  answers[0]({ value: 1 });
  await assert.rejects(old, { name: 'NetworkError' });
  arrive({ id: 2, data: 'reply' });
  assert.equal(await fresh, 'reply');
});

test('messages that an async schema holds back keep their order when they have one too', async () => {
  const { slow, answers } = slowSchema();
  const { arrive, heard } = connect({ schemas: { incoming: { slow } } });
  const all = heard('*');
  for (const [index, type] of ['slow', 'quick', 'slow', 'quick', 'slow', 'quick'].entries())
    arrive({ type, data: index });
  for (const value of [0, 2, 4]) {
    await settled();
    assert.equal(all.at(-1) ?? -1, value - 1);
    answers.shift()({ value });
  }
  await settled();
  assert.deepEqual(all, [0, 1, 2, 3, 4, 5]);
});

const mistakes = {
  'that throws': () => {
    throw new Error('oh');
  },
  'that throws nothing': () => {
    throw undefined;
  },
  'that rejects': () => Promise.reject(new Error('oh')),
  'that returns nothing': () => undefined,
  'that promises nothing': async () => undefined,
  'whose result throws when it is read': () => ({
    get issues() {
      throw new Error('oh');
    },
  }),
  'whose late result throws when it is read': async () => ({
    get value() {
      throw new Error('oh');
    },
  }),
  'whose issues are no list': () => ({ issues: true }),
  'whose late issues are no list': async () => ({ issues: true }),
  'that throws a symbol': () => {
    throw Symbol('oh');
  },
  'that rejects with an object without a prototype': () => Promise.reject(Object.create(null)),
};
for (const [name, validate] of Object.entries(mistakes)) {
  test(`a schema ${name} is an issue, and the next message arrives`, async () => {
    const { arrive, heard, complaints } = connect({ schemas: { incoming: { broken: schema(validate) } } });
    const all = heard('*');
    arrive({ type: 'broken' });
    arrive({ type: 'good', data: 1 });
    await settled();
    assert.equal(complaints.length, 1);
    assert.equal(complaints[0].reason, 'schema');
    assert.equal(typeof complaints[0].issues[0].message, 'string');
    assert.deepEqual(all, [1]);
  });
}

test('a request of the other end that does not fit is answered with an error', async () => {
  const ask = schema(() => ({ issues: [{ message: 'not so', path: ['a', { key: 0 }] }] }));
  const { messages, arrive, parsed } = connect({ schemas: { incoming: { ask } } });
  messages.handle('ask', () => assert.fail('it was called'));
  arrive({ type: 'ask', id: 4 });
  await settled();
  const [{ type, id, data }] = parsed();
  assert.deepEqual([type, id], ['error', 4]);
  assert.match(data.message, /a\.0: not so/);
});

for (const type of ['slow', 'ask']) {
  test(`a request that an async schema of ${type} held back until its connection was lost gets no reply`, async () => {
    const { slow, answers } = slowSchema();
    const { messages, arrive, sent } = connect({ schemas: { incoming: { [type]: slow } } });
    const asked = [];
    messages.handle('ask', (data) => asked.push(data));
    if (type !== 'ask') arrive({ type });
    arrive({ type: 'ask', id: 1, data: 'old' });
    messages.dropped();
    answers[0]({ value: 'old' });
    await settled();
    assert.deepEqual([asked, sent], [['old'], []]);
  });
}

test('an issue may have a symbol in its path', async () => {
  const issues = [{ message: 'not so', path: ['a', Symbol('b'), { key: Symbol('c') }, 0] }];
  const { slow, answers } = slowSchema();
  const { messages, complaints } = connect({ schemas: { outgoing: { slow, quick: schema(() => ({ issues })) } } });
  assert.throws(() => messages.emit('quick', 1), {
    name: 'TypeError',
    message: /a\.Symbol\(b\)\.Symbol\(c\)\.0: not so/,
  });
  reported.length = 0;
  messages.emit('slow', 2);
  answers[0]({ issues });
  await settled();
  assert.deepEqual(complaints, [{ data: 2, reason: 'outgoing', messageType: 'slow', issues }]);
  assert.deepEqual(reported, []);
});

test('what waits for an async schema is sent in its turn', async () => {
  const { slow, answers } = slowSchema();
  const { messages, parsed } = connect({ schemas: { outgoing: { slow } } });
  messages.emit('slow', 1);
  messages.emit('quick', 2);
  messages.emit('slow', 3);
  messages.emit('quick', 4);
  answers[1]({ value: 3 });
  await settled();
  assert.deepEqual(parsed(), []);
  answers[0]({ value: 1 });
  await settled();
  assert.deepEqual(
    parsed().map(({ data }) => data),
    [1, 2, 3, 4],
  );
  messages.emit('quick', 5);
  assert.equal(parsed().length, 5);
});

test('what an async schema refuses to send is told, and the rest is sent', async () => {
  const { slow, answers } = slowSchema();
  const { messages, parsed, complaints } = connect({ schemas: { outgoing: { slow } } });
  const issues = [{ message: 'not so' }];
  messages.emit('slow', 1);
  messages.emit('quick', 2);
  const request = messages.request('slow', 3);
  for (const answer of answers) answer({ issues });
  await assert.rejects(request, { name: 'TypeError', message: /slow.*not so/ });
  assert.deepEqual(complaints, [{ data: 1, reason: 'outgoing', messageType: 'slow', issues }]);
  assert.deepEqual(
    parsed().map(({ data }) => data),
    [2],
  );
});

test('a request that is over before its schema is through is not sent', async () => {
  const { slow, answers } = slowSchema();
  const { messages, sent } = connect({ schemas: { outgoing: { slow } } });
  const controller = new AbortController();
  const request = messages.request('slow', 1, { signal: controller.signal });
  controller.abort();
  answers[0]({ value: 1 });
  await assert.rejects(request, { name: 'AbortError' });
  await settled();
  assert.deepEqual(sent, []);
});

test('what can not be sent after its async schema is reported, and a request rejects with it', async () => {
  const wire = connect({ schemas: { outgoing: { slow: schema(async (value) => ({ value })) } } });
  wire.refusal = new DOMException('it is over', 'InvalidStateError');
  reported.length = 0;
  wire.messages.emit('slow', 1);
  await assert.rejects(wire.messages.request('slow', 2), wire.refusal);
  assert.deepEqual(reported, [wire.refusal]);
});

test('schemas that can not be some are refused', () => {
  assert.throws(() => connect({ schemas: { chat: z.string() } }), {
    name: 'TypeError',
    message: /no chat, but incoming, outgoing/,
  });
  assert.throws(() => connect({ schemas: { incoming: { chat: () => true } } }), {
    name: 'TypeError',
    message: /chat is no Standard Schema/,
  });
  assert.throws(() => connect({ schemas: { outgoing: { chat: null } } }), TypeError);
});

for (const [name, { chat, slow }] of Object.entries(libraries)) {
  test(`${name}: a reply is what its schema makes of the data`, async () => {
    const { messages, arrive } = connect({ schemas: { replies: { chat } } });
    const request = messages.request('chat');
    arrive({ id: 1, data: { text: 'hi', at: '7' } });
    assert.deepEqual(await request, { text: 'hi', at: 7 });
  });

  test(`${name}: a reply that does not fit its schema rejects the request`, async () => {
    for (const [type, arriving] of [
      ['chat', { text: 7 }],
      ['slow', { text: 7 }],
    ]) {
      const { messages, arrive } = connect({ schemas: { replies: { chat, slow } } });
      const request = messages.request(type);
      arrive({ id: 1, data: arriving });
      await assert.rejects(request, {
        name: 'TypeError',
        message: new RegExp(`^Undrop: the reply to ${type} does not fit its schema: text: .*expected string`, 'i'),
      });
    }
  });
}

test('a reply with an async schema holds back what comes after it', async () => {
  const { slow, answers } = slowSchema();
  const { messages, arrive, heard } = connect({ schemas: { replies: { history: slow } } });
  const order = [];
  messages.request('history').then((data) => order.push(data));
  const chat = heard('chat');
  arrive({ id: 1, data: 'old' });
  arrive({ type: 'chat', data: 'new' });
  await settled();
  assert.deepEqual([order, chat], [[], []]);
  answers[0]({ value: 'checked' });
  await settled();
  assert.deepEqual([order, chat], [['checked'], ['new']]);
});

test('an error is no reply, and is not checked', async () => {
  const refuse = schema(() => ({ issues: [{ message: 'never' }] }));
  const { messages, arrive } = connect({ schemas: { replies: { history: refuse } } });
  const request = messages.request('history');
  arrive({ type: 'error', id: 1, data: { message: 'no' } });
  await assert.rejects(request, { name: 'ReplyError', message: 'Undrop: the answer to history is an error: no' });
});
