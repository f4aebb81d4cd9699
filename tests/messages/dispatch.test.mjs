// Who is called when a message arrives.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, reported } from './support/wire.mjs';

test('a message reaches the handlers of its type, with its data and its type, in the order in which they came', () => {
  const { messages, arrive } = connect();
  const calls = [];
  messages.on('chat', (...args) => calls.push(['first', ...args]));
  messages.on('other', () => calls.push('other'));
  messages.on('chat', (...args) => calls.push(['second', ...args]));
  arrive({ type: 'chat', data: { text: 'hi' } });
  assert.deepEqual(calls, [
    ['first', { text: 'hi' }, 'chat'],
    ['second', { text: 'hi' }, 'chat'],
  ]);
});

test('nothing is asked for until somebody asks, and no more when the last has gone', () => {
  const { messages, listening } = connect();
  assert.deepEqual(listening, []);
  const undo = messages.on('chat', () => {});
  const also = messages.on('*', () => {});
  assert.deepEqual(listening, [true]);
  undo();
  undo();
  assert.deepEqual(listening, [true]);
  also();
  assert.deepEqual(listening, [true, false]);
  messages.handle('ask', () => {})();
  assert.deepEqual(listening, [true, false, true, false]);
});

test('a catch-all gets every message, after the handlers of its type', () => {
  const { messages, arrive } = connect();
  const calls = [];
  messages.on('*', (data, type) => calls.push(['all', type, data]));
  messages.on('chat', (data, type) => calls.push(['chat', type, data]));
  arrive({ type: 'chat', data: 1 });
  arrive({ type: 'news', data: 2 });
  assert.deepEqual(calls, [
    ['chat', 'chat', 1],
    ['all', 'chat', 1],
    ['all', 'news', 2],
  ]);
  assert.equal(messages.unhandled, 0);
});

test('a message of the type * is nothing but a message for the catch-all', () => {
  const { messages, arrive, heard } = connect();
  const all = heard('*');
  const chat = heard('chat');
  arrive({ type: '*', data: 1 });
  assert.deepEqual([all, chat], [[1], []]);
  assert.equal(messages.unhandled, 0);
});

test('a message that nobody has asked for is counted, and no error', () => {
  const { messages, arrive, heard, complaints } = connect();
  heard('chat');
  arrive({ type: 'news', data: 1 });
  arrive({ type: 'news' });
  assert.equal(messages.unhandled, 2);
  assert.equal(messages.invalid, 0);
  assert.deepEqual(complaints, []);
});

test('frames that are not text go to the handlers of binary, untouched', () => {
  const { messages, heard } = connect();
  const binary = heard('binary');
  const bytes = new ArrayBuffer(3);
  messages.receive(bytes);
  assert.equal(binary[0], bytes);
});

test('frames that are not text are counted when nobody has asked for them', () => {
  const { messages, heard, complaints } = connect();
  heard('chat');
  messages.receive(new ArrayBuffer(3));
  assert.equal(messages.unhandled, 1);
  assert.deepEqual(complaints, []);
});

test('what on() returns takes the handler away, and off() takes away each of its registrations', () => {
  const { messages, arrive, listening } = connect();
  const calls = [];
  const one = () => calls.push('one');
  const two = () => calls.push('two');
  messages.on('chat', one);
  messages.on('chat', one);
  const undo = messages.on('chat', two);
  arrive({ type: 'chat' });
  undo();
  arrive({ type: 'chat' });
  messages.off('chat', one);
  arrive({ type: 'chat' });
  assert.deepEqual(calls, ['one', 'one', 'two', 'one', 'one']);
  assert.deepEqual(listening, [true, false]);
});

test('off() with a handler that is not registered does nothing', () => {
  const { messages, arrive, heard } = connect();
  const chat = heard('chat');
  messages.off('chat', () => {});
  messages.off('nothing', () => {});
  arrive({ type: 'chat', data: 1 });
  assert.deepEqual(chat, [1]);
});

test('once is for one message, even if it arrives again within the handler', () => {
  const { messages, arrive } = connect();
  const calls = [];
  messages.on(
    'chat',
    (data) => {
      calls.push(data);
      if (data < 3) arrive({ type: 'chat', data: data + 1 });
    },
    { once: true },
  );
  arrive({ type: 'chat', data: 1 });
  arrive({ type: 'chat', data: 9 });
  assert.deepEqual(calls, [1]);
});

test('an aborted signal takes the handler away, and one that was aborted before never lets it in', () => {
  const { messages, arrive, listening } = connect();
  const calls = [];
  const controller = new AbortController();
  messages.on('chat', (data) => calls.push(data), { signal: controller.signal });
  arrive({ type: 'chat', data: 1 });
  controller.abort();
  arrive({ type: 'chat', data: 2 });
  messages.on('chat', (data) => calls.push(data), { signal: controller.signal });
  arrive({ type: 'chat', data: 3 });
  assert.deepEqual(calls, [1]);
  assert.deepEqual(listening, [true, false]);
});

test('a handler that was taken away during the message is not called, and one that was added not yet', () => {
  const { messages, arrive } = connect();
  const calls = [];
  let undoThird;
  messages.on('chat', () => {
    calls.push('first');
    undoThird();
    messages.on('chat', () => calls.push('late'), { once: true });
  });
  messages.on('chat', () => calls.push('second'));
  undoThird = messages.on('chat', () => calls.push('third'));
  arrive({ type: 'chat' });
  assert.deepEqual(calls, ['first', 'second']);
  arrive({ type: 'chat' });
  assert.deepEqual(calls, ['first', 'second', 'first', 'second', 'late']);
});

test('a handler can take itself away', () => {
  const { messages, arrive } = connect();
  const calls = [];
  const undo = messages.on('chat', () => {
    calls.push('one');
    undo();
  });
  messages.on('chat', () => calls.push('two'));
  arrive({ type: 'chat' });
  arrive({ type: 'chat' });
  assert.deepEqual(calls, ['one', 'two', 'two']);
});

test('a handler that throws is reported, and the others are called', () => {
  const { messages, arrive, heard } = connect();
  const error = new Error('mine');
  reported.length = 0;
  messages.on('chat', () => {
    throw error;
  });
  const chat = heard('chat');
  const all = heard('*');
  arrive({ type: 'chat', data: 1 });
  assert.deepEqual(reported, [error]);
  assert.deepEqual([chat, all], [[1], [1]]);
});

test('a socket that throws when it is told of an invalid message is reported, and the next message arrives', () => {
  const wire = connect();
  const error = new Error('mine');
  reported.length = 0;
  wire.complaints.push = () => {
    throw error;
  };
  const chat = wire.heard('chat');
  wire.arrive('no JSON');
  wire.arrive({ type: 'chat', data: 1 });
  assert.deepEqual([reported, chat, wire.messages.invalid], [[error], [1], 1]);
});

test('a handler is a function', () => {
  const { messages } = connect();
  assert.throws(() => messages.on('chat'), { name: 'TypeError', message: /needs a type and a function/ });
  assert.throws(() => messages.on('chat', {}), TypeError);
  assert.throws(() => messages.handle('chat', 'pong'), TypeError);
});

test('10,000 types are 10,000 types', () => {
  const { messages, arrive } = connect();
  const calls = [];
  const undo = Array.from({ length: 10_000 }, (_, index) =>
    messages.on(`type ${index}`, (data, type) => calls.push([type, data])),
  );
  for (const index of [1, 5_000, 9_999]) arrive({ type: `type ${index}`, data: -index });
  assert.deepEqual(calls, [
    ['type 1', -1],
    ['type 5000', -5_000],
    ['type 9999', -9_999],
  ]);
  for (const one of undo.slice(1)) one();
  arrive({ type: 'type 1' });
  assert.equal(messages.unhandled, 1);
});
