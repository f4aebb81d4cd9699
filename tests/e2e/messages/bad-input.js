// What a server, or a handler, may do wrong. `send` arrives as it is; then a good message does.

import { event, open, reported } from './page.js';

const MEGABYTE = 2 ** 20;
const DEPTH = 100_000;

/** What came of it: `invalid` are the reasons, `received` what handlers of `chat` and the catch-all were given. */
export const badInput = {
  'text that is not JSON': { send: ['not JSON', '{"type":', '', '\u0010'], invalid: Array(4).fill('parse') },
  'JSON that is not an object': {
    send: ['null', 'true', '7', '"chat"', '[]', '["chat"]'],
    invalid: Array(6).fill('envelope'),
  },
  'a message without a type': { send: ['{}', '{"data":1}', '{"type":null}'], invalid: Array(3).fill('envelope') },
  'a type that is not a string': {
    send: ['{"type":7}', '{"type":["chat"]}', '{"type":{"toString":"chat"}}', '{"type":true}'],
    invalid: Array(4).fill('envelope'),
  },
  'a type __proto__': { send: ['{"type":"__proto__","data":{"polluted":true}}'], unhandled: 1 },
  'a type constructor': { send: ['{"type":"constructor","data":{"polluted":true}}'], unhandled: 1 },
  'types that every object has': {
    send: ['toString', 'hasOwnProperty', 'valueOf', 'size', 'get', 'length'].map((type) => JSON.stringify({ type })),
    unhandled: 6,
  },
  'a member __proto__': {
    send: ['{"type":"chat","data":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}'],
    received: 1,
  },
  'nothing but a member __proto__': { send: ['{"__proto__":{"type":"chat","data":1}}'], invalid: ['envelope'] },
  'a type of a megabyte': { send: [JSON.stringify({ type: 'x'.repeat(MEGABYTE) })], unhandled: 1 },
  'a type without a letter': { send: ['{"type":""}'], unhandled: 1 },
  'the type of the catch-all': { send: ['{"type":"*"}'], unhandled: 1 },
  'data that is nested too deep for most': {
    send: [`{"type":"chat","data":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`],
    received: 1,
  },
  'a reply to nothing': {
    send: ['{"id":1}', '{"id":99,"data":1}', '{"type":"reply","id":1}', '{"type":"error","id":-1}'],
    unhandled: 4,
  },
  'an id of the wrong kind': {
    send: ['{"id":"1"}', '{"id":null}', '{"id":{}}', '{"id":[1]}', '{"id":true}', '{"type":"chat","id":{}}'],
    invalid: Array(5).fill('envelope'),
    received: 1,
  },
  'frames that are not text': { send: [new Uint8Array([0xff, 0]), new Blob(['{"type":"chat"}'])], unhandled: 2 },
  'two replies': {
    async act(socket) {
      const request = socket.request('history');
      // The server's echo is the first.
      socket.send('{"id":1,"data":"second"}');
      if ((await request) !== undefined) throw new Error('the first reply was not the reply');
    },
    unhandled: 1,
  },
  'a handler that throws': {
    act: (socket) =>
      socket.on('chat', () => {
        throw new Error('thrown');
      }),
    send: ['{"type":"chat"}'],
    received: 1,
    reported: ['thrown'],
  },
  'a handler that rejects': {
    act: (socket) => socket.on('chat', () => Promise.reject(new Error('rejected'))),
    send: ['{"type":"chat"}'],
    received: 1,
    reported: ['rejected'],
    settle: 1,
  },
  'a handler that takes itself away': {
    act(socket) {
      let calls = 0;
      const undo = socket.on('chat', () => {
        undo();
        if (++calls > 1) throw new Error('it was called again');
      });
    },
    send: ['{"type":"chat"}', '{"type":"chat"}'],
    received: 2,
  },
  'a handler that takes others away': {
    act(socket) {
      socket.on('chat', () => socket.off('chat', second));
      const second = () => {
        throw new Error('it was called');
      };
      socket.on('chat', second);
    },
    send: ['{"type":"chat"}'],
    received: 1,
  },
  'a handler that sends': {
    act: (socket) => socket.on('chat', (data) => data && socket.emit('chat', data - 1)),
    send: ['{"type":"chat","data":3}'],
    // The good message overtakes what is sent on its arrival.
    received: 4,
    settle: 4,
  },
  'an answer that throws': {
    act: (socket) =>
      socket.handle('ask', () => {
        throw new Error('no');
      }),
    send: ['{"type":"ask","id":1}'],
    // The echo of its answer.
    unhandled: 1,
    settle: 1,
  },
};

/** Plays one of them. */
export async function receive(url, name) {
  const { send = [], act, settle = 0 } = badInput[name];
  const pristine = prototypes();
  reported.length = 0;
  const socket = await open(url);
  const invalid = [];
  socket.addEventListener('invalid', (event) => {
    event.preventDefault();
    invalid.push(event.reason);
  });
  await act?.(socket);
  let received = 0;
  socket.on('chat', () => received++);
  for (const frame of send) socket.send(frame);
  const good = socket.next('good');
  socket.emit('good', 'still here');
  const last = await good;
  // What was sent because of what arrived needs another round, or several.
  for (let round = 0; round < settle; round++) {
    const next = socket.next('round');
    socket.emit('round');
    await next;
  }
  const { state, stats } = socket;
  const outcome = {
    invalid,
    received,
    unhandled: stats.unhandled,
    counted: stats.invalid,
    reported: [...reported],
    last,
    state,
    drops: Object.values(stats.drops).reduce((sum, count) => sum + count),
    prototypes: prototypes() === pristine && {}.polluted === undefined,
  };
  socket.close();
  return outcome;
}

/** Not a message after it, but the others that were to hear this one do. */
export async function closeWithin(url) {
  const socket = await open(url);
  const received = [];
  socket.on('chat', () => socket.close(1000));
  socket.on('chat', (data) => received.push(data));
  socket.emit('chat', 1);
  socket.emit('chat', 2);
  const { code } = await event(socket, 'close');
  return { received, code, reported: [...reported] };
}

const prototypes = () =>
  JSON.stringify(
    [Object, Array, Map, Function].map(({ prototype }) => Reflect.ownKeys(prototype).map((key) => String(key))),
  );
