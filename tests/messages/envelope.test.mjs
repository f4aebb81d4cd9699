// Where a message has its type, its data and its id is the server's choice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import { connect, settled } from './support/wire.mjs';

test('unless asked otherwise a message is { type, data }, and a request has an id too', () => {
  const { messages, sent } = connect();
  messages.emit('say', { text: 'hi' });
  messages.emit('hello');
  messages.request('history', 7).catch(() => {});
  assert.deepEqual(sent, [
    '{"type":"say","data":{"text":"hi"}}',
    '{"type":"hello"}',
    '{"type":"history","data":7,"id":1}',
  ]);
  messages.closed();
});

test('a field that is undefined has its usual name, and an answer its usual type', async () => {
  const nothing = { type: undefined, data: undefined, id: undefined, reply: undefined, error: undefined };
  const { messages, arrive, sent } = connect({ envelope: nothing });
  const requests = [messages.request('history', 7), messages.request('history', 8)];
  assert.equal(sent[0], '{"type":"history","data":7,"id":1}');
  arrive({ type: 'reply', data: 'old', id: 1 });
  arrive({ type: 'error', data: 'no', id: 2 });
  assert.equal(await requests[0], 'old');
  await assert.rejects(requests[1], { name: 'ReplyError', data: 'no' });
  messages.closed();
});

test('the fields can have other names, and the answers other types', async () => {
  const envelope = { type: 'op', data: 'd', id: 'nonce', reply: 'ok', error: 'no' };
  const { messages, arrive, heard, sent } = connect({ envelope });
  const chat = heard('chat');
  arrive({ op: 'chat', d: 1 });
  assert.deepEqual(chat, [1]);
  const request = messages.request('history', 2);
  assert.deepEqual(sent.splice(0), ['{"op":"history","d":2,"nonce":1}']);
  arrive({ op: 'ok', d: 'old', nonce: 1 });
  assert.equal(await request, 'old');
  messages.handle('ask', () => 'told');
  arrive({ op: 'ask', nonce: 'x' });
  await settled();
  assert.deepEqual(sent, ['{"op":"ok","d":"told","nonce":"x"}']);
});

test('a field can be called as something that each object has', () => {
  const { arrive, heard, messages, complaints } = connect({ envelope: { type: 'constructor', data: 'toString' } });
  const chat = heard('chat');
  arrive('{"constructor":"chat","toString":1}');
  arrive('{"type":"chat"}');
  messages.emit('say', 1);
  assert.deepEqual(chat, [1]);
  assert.equal(complaints[0].reason, 'envelope');
});

test('in flat messages the message is the data', async () => {
  const { messages, arrive, heard, sent } = connect({ envelope: { data: false } });
  const chat = heard('chat');
  arrive({ type: 'chat', text: 'hi' });
  assert.deepEqual(chat, [{ type: 'chat', text: 'hi' }]);
  messages.emit('say', { text: 'hi', type: 'mine' });
  messages.emit('hello');
  assert.deepEqual(
    sent.splice(0),
    ['{"text":"hi","type":"say"}', '{"type":"hello"}'].map((text) => text),
  );
  const request = messages.request('history', { limit: 2 });
  assert.deepEqual(sent, ['{"limit":2,"type":"history","id":1}']);
  arrive({ id: 1, lines: [] });
  assert.deepEqual(await request, { id: 1, lines: [] });
});

test('in flat messages only an object can be sent', () => {
  const { messages } = connect({ envelope: { data: false } });
  for (const data of ['text', 1, true, [1]])
    assert.throws(() => messages.emit('say', data), { name: 'TypeError', message: /must be an object/ });
});

test('what cannot be a flat answer is answered as an error', async () => {
  const { messages, arrive, parsed } = connect({ envelope: { data: false } });
  messages.handle('ask', () => 'text');
  arrive({ type: 'ask', id: 1 });
  await settled();
  const [{ type, id, message }] = parsed();
  assert.deepEqual({ type, id }, { type: 'error', id: 1 });
  assert.match(message, /must be an object/);
});

test('indices stand for an array, as in Phoenix', async () => {
  const envelope = { type: 3, data: 4, id: 1, reply: 'phx_reply', error: 'phx_error' };
  const { messages, arrive, heard, sent, complaints } = connect({ envelope });
  const chat = heard('chat');
  arrive([null, null, 'room', 'chat', { text: 'hi' }]);
  assert.deepEqual(chat, [{ text: 'hi' }]);
  messages.emit('say', 1);
  messages.emit('hello');
  const request = messages.request('history', 2);
  assert.deepEqual(sent, ['[null,null,null,"say",1]', '[null,null,null,"hello",null]', '[null,1,null,"history",2]']);
  arrive([null, 1, 'room', 'phx_reply', { status: 'ok' }]);
  assert.deepEqual(await request, { status: 'ok' });
  arrive({ 3: 'chat', 4: 'not an array' });
  arrive('"abcdef"');
  assert.deepEqual(
    complaints.map(({ reason }) => reason),
    ['envelope', 'envelope'],
  );
  assert.deepEqual(chat.length, 1);
});

const nonsense = {
  'a word in its place': ['event', /envelope must be an object, not event/],
  'nothing in its place': [null, /envelope must be an object, not null/],
  'an unknown option': [{ kind: 'event' }, /no kind, but type, data, id, reply, error/],
  'a name and an index': [{ type: 0 }, /three names, or indices/],
  'an array that is flat': [{ type: 0, data: false, id: 1 }, /three names/],
  'an index that is none': [{ type: -1, data: 1, id: 2 }, /three names/],
  'an index between two': [{ type: 0.5, data: 1, id: 2 }, /three names/],
  'an index without end': [{ type: 2 ** 31, data: 1, id: 2 }, /three names/],
  'no type': [{ type: false }, /three names/],
  'no id': [{ id: null }, /three names/],
  'two fields in one place': [{ type: 'data' }, /three names/],
  'two fields at one index': [{ type: 1, data: 1, id: 2 }, /three names/],
  'one type for replies and errors': [{ reply: 'error' }, /two types/],
  'a reply without a type': [{ reply: 1 }, /two types/],
};
for (const [name, [envelope, message]] of Object.entries(nonsense)) {
  test(`an envelope with ${name} is refused, with a word on what is wanted`, () => {
    assert.throws(() => connect({ envelope }), { name: 'TypeError', message });
  });
}

test('a codec takes the place of JSON, whatever the frame: MessagePack', async () => {
  const { messages, heard, sent } = connect({ codec: { encode, decode } });
  const chat = heard('chat');
  const binary = heard('binary');
  const frame = (message) => encode(message).slice().buffer;
  messages.receive(frame({ type: 'chat', data: { bytes: new Uint8Array([1, 2]), at: new Date(0) } }));
  assert.deepEqual(chat, [{ bytes: new Uint8Array([1, 2]), at: new Date(0) }]);
  messages.emit('hello');
  const request = messages.request('history', { limit: 2 });
  assert.deepEqual(
    sent.map((frame) => decode(frame)),
    [{ type: 'hello' }, { type: 'history', data: { limit: 2 }, id: 1 }],
  );
  messages.receive(frame({ type: 'reply', id: 1, data: ['old'] }));
  assert.deepEqual(await request, ['old']);
  assert.deepEqual(binary, []);
});

test('what a codec does not take is invalid', () => {
  const { messages, heard, complaints } = connect({ codec: { encode, decode } });
  const chat = heard('chat');
  const broken = new Uint8Array([0xc1]).buffer;
  messages.receive(broken);
  messages.receive('text');
  messages.receive(encode({ type: 'chat', data: 1 }));
  assert.deepEqual(
    complaints.map(({ reason, data }) => [reason, data]),
    [
      ['parse', broken],
      ['parse', 'text'],
    ],
  );
  assert.deepEqual(chat, [1]);
});

const thrown = {
  'an error': [new Error('oh'), 'oh'],
  nothing: [undefined, 'unknown error'],
  'a symbol': [Symbol('oh'), 'Symbol(oh)'],
  'an object without a prototype': [Object.create(null), 'unknown error'],
  'an error without a message': [new Error(), 'unknown error'],
};
for (const [name, [error, message]] of Object.entries(thrown)) {
  test(`a codec that throws ${name} makes a message invalid, and the next arrives`, () => {
    const decode = (text) => {
      if (text === 'broken') throw error;
      return JSON.parse(text);
    };
    const { arrive, heard, complaints } = connect({ codec: { encode: JSON.stringify, decode } });
    const chat = heard('chat');
    arrive('broken');
    arrive({ type: 'chat', data: 1 });
    assert.deepEqual(complaints, [{ data: 'broken', reason: 'parse', messageType: undefined, issues: [{ message }] }]);
    assert.deepEqual(chat, [1]);
  });
}

for (const field of ['type', 'data', 'id']) {
  test(`a decoded message whose ${field} throws when it is read is invalid, and the next arrives`, () => {
    const { messages, heard, complaints } = connect({ codec: { encode: String, decode: (message) => message } });
    const chat = heard('chat');
    const broken = Object.defineProperty({ type: 'chat', data: 0, id: 1 }, field, {
      get() {
        throw new Error('oh');
      },
    });
    messages.receive(broken);
    messages.receive({ type: 'chat', data: 1 });
    assert.deepEqual(
      complaints.map(({ reason, issues }) => [reason, issues]),
      [['parse', [{ message: 'oh' }]]],
    );
    assert.deepEqual(chat, [1]);
  });
}

test('a codec keeps its own this', () => {
  class Codec {
    #prefix = '!';
    encode(message) {
      return this.#prefix + JSON.stringify(message);
    }
    decode(text) {
      return JSON.parse(text.slice(this.#prefix.length));
    }
  }
  const { messages, sent, heard } = connect({ codec: new Codec() });
  const chat = heard('chat');
  messages.emit('say');
  messages.receive('!{"type":"chat","data":1}');
  assert.deepEqual([sent, chat], [['!{"type":"say"}'], [1]]);
});

test('a codec has both directions', () => {
  assert.throws(() => connect({ codec: { encode } }), { name: 'TypeError', message: /needs a function decode/ });
  assert.throws(() => connect({ codec: { decode } }), { name: 'TypeError', message: /needs a function encode/ });
});
