// Typed messages between a page and a server. `url` is the test server's.

import { decode, encode } from '@msgpack/msgpack';
import { Undrop } from '../../../dist/messages.js';
import { echoed, event, log, open, rejection, reported, stats, whilePeerCloses } from './page.js';

/** What a page does, and what it then sees. */
export const scenes = {
  'a message comes back to its handlers': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const entries = log(socket, 'chat', '*');
      socket.emit('chat', { text: 'hi' });
      socket.emit('news', 'äöü');
      await echoed(socket);
      return entries;
    },
    expected: ['chat {"text":"hi"}', 'chat {"text":"hi"}', 'news "äöü"', 'end of echo undefined'],
  },
  'what is emitted before the connection is open is sent when it opens': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`);
      socket.emit('chat', 1);
      const reply = socket.request('history', 2);
      return [await socket.next('chat'), await reply];
    },
    expected: [1, 2],
  },
  'what is emitted while the peer closes, and the close event is still to come, is sent on the next connection': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const reply = whilePeerCloses(() => {
        socket.emit('chat', 1);
        return socket.request('history', 2);
      });
      const { bufferedAmount } = socket;
      const chat = socket.next('chat');
      socket.reconnect();
      return [bufferedAmount > 0, await chat, await reply];
    },
    expected: [true, 1, 2],
  },
  'without retry nothing can be emitted while the peer closes': {
    async play(url) {
      const socket = await open(`${url}/echo`, { retry: false });
      return whilePeerCloses(() => {
        try {
          socket.emit('chat', 1);
        } catch ({ name }) {
          return name;
        }
      });
    },
    expected: 'InvalidStateError',
  },
  'a MessagePack server': {
    async play(url) {
      const socket = await open(`${url}/echo`, { codec: { encode, decode } });
      socket.emit('chat', { at: new Date(7), bytes: new Uint8Array([1, 2, 255]) });
      const { at, bytes } = await socket.next('chat');
      const reply = await socket.request('history', 'query');
      return [at.getTime(), [...bytes], reply, socket.binaryType];
    },
    expected: [7, [1, 2, 255], 'query', 'arraybuffer'],
  },
  'frames that are not text are of the type binary': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      socket.binaryType = 'arraybuffer';
      const next = socket.next('binary');
      socket.send(new Uint8Array([1, 2, 3]));
      return [...new Uint8Array(await next)];
    },
    expected: [1, 2, 3],
  },
  'a request of the server is answered': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      socket.handle('double', async (number) => number * 2);
      const answer = new Promise((resolve) =>
        socket.addEventListener('message', ({ data }) => /reply/.test(data) && resolve(data)),
      );
      socket.send('{"type":"double","id":"s1","data":21}');
      return JSON.parse(await answer);
    },
    expected: { type: 'reply', id: 's1', data: 42 },
  },
  'a drop rejects the requests that were on their way, and the socket goes on': {
    async play(url) {
      let path = '/blackhole';
      const socket = await open(() => url + path);
      const request = rejection(socket.request('history'));
      path = '/echo';
      socket.reconnect();
      return [await request, await socket.request('history', 'again')];
    },
    expected: ['NetworkError', 'again'],
  },
  'a request is withdrawn while its socket closes': {
    async play() {
      const socket = new Undrop(() => new Promise(() => {}));
      const abort = new AbortController();
      socket.addEventListener('lost', () => abort.abort());
      const closed = event(socket, 'close');
      socket.send('comes back first');
      const reply = rejection(socket.request('history', 1, { signal: abort.signal }));
      socket.close();
      await closed;
      return reply;
    },
    expected: 'AbortError',
  },
  'a request is withdrawn from the queue': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`);
      const controller = new AbortController();
      const request = rejection(socket.request('history', 1, { signal: controller.signal }));
      controller.abort();
      const entries = [];
      socket.addEventListener('message', ({ data }) => entries.push(data));
      await event(socket, 'open');
      await echoed(socket);
      return [await request, entries];
    },
    expected: ['AbortError', ['{"type":"end of echo"}']],
  },
  'an error reply whose message is an object rejects the request, and nothing is reported': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      reported.length = 0;
      // It arrives before the echo of the request.
      socket.send('{"type":"error","id":1,"data":{"message":{"deep":true}}}');
      const error = await socket.request('history').catch((error) => error);
      const chat = socket.next('chat');
      socket.emit('chat', 'still here');
      return [error.name, error.message, error.data, await chat, [...reported]];
    },
    expected: [
      'ReplyError',
      'Undrop: the answer to history is an error',
      { message: { deep: true } },
      'still here',
      [],
    ],
  },
  'a request times out': {
    async play(url) {
      const socket = await open(`${url}/blackhole`);
      return rejection(socket.request('history', 1, { timeout: 10 }));
    },
    expected: 'TimeoutError',
  },
  'the end rejects what waits, and what is called after it': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const before = [socket.request('history'), socket.next('chat')].map(rejection);
      const messages = socket.messages('chat');
      const ended = messages.next();
      socket.close();
      await event(socket, 'close');
      const names = await Promise.all(before);
      let thrown;
      try {
        socket.emit('chat');
      } catch ({ name }) {
        thrown = name;
      }
      return [
        ...names,
        (await ended).done,
        thrown,
        await rejection(socket.request('history')),
        await rejection(socket.next('chat')),
        (await socket.messages().next()).done,
        (await socket.readable.getReader().read()).done,
        await rejection(socket.writable.getWriter().write('text')),
      ];
    },
    expected: [
      'InvalidStateError',
      'InvalidStateError',
      true,
      'InvalidStateError',
      'InvalidStateError',
      'InvalidStateError',
      true,
      true,
      'InvalidStateError',
    ],
  },
  'after the end reconnect() connects again, with the same handlers': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const entries = log(socket, 'chat');
      socket.close();
      await event(socket, 'close');
      socket.reconnect();
      await event(socket, 'open');
      socket.emit('chat', 'again');
      await echoed(socket);
      return entries;
    },
    expected: ['chat "again"'],
  },
  'the first invalid message is a warning, unless a listener prevents it': {
    async play(url) {
      const warnings = [];
      const { warn } = console;
      console.warn = (text, issues) => warnings.push([text, issues.length]);
      try {
        for (const prevent of [false, true]) {
          const socket = await open(`${url}/echo`);
          socket.on('chat', () => {});
          if (prevent) socket.addEventListener('invalid', (event) => event.preventDefault());
          socket.send('one');
          socket.send('two');
          await echoed(socket);
          warnings.push(socket.stats.invalid);
          socket.close();
        }
      } finally {
        console.warn = warn;
      }
      return warnings.map((one) => (Array.isArray(one) ? [/'invalid'/.test(one[0]), one[1]] : one));
    },
    expected: [[true, 1], 2, 2],
  },
  'the invalid event has the data, the reason, the type and the issues': {
    async play(url) {
      const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no' }] }) } };
      const socket = await open(`${url}/echo`, { schemas: { incoming: { chat: schema } } });
      const seen = [];
      socket.addEventListener('invalid', (event) => {
        event.preventDefault();
        const { data, reason, messageType, issues, target } = event;
        seen.push([data, reason, messageType, issues, target === socket, event instanceof MessageEvent]);
      });
      socket.on('chat', () => seen.push('a handler'));
      socket.emit('chat', 1);
      await echoed(socket);
      return seen;
    },
    expected: [['{"type":"chat","data":1}', 'schema', 'chat', [{ message: 'no' }], true, true]],
  },
  'invalid options are refused before the first attempt': {
    async play(url) {
      const thrown = [];
      let message;
      const id = crypto.randomUUID();
      for (const options of [{ envelope: { kind: 1 } }, { codec: {} }, { schemas: { chat: {} } }, undefined]) {
        try {
          options ? new Undrop(`${url}/echo?id=${id}`, [], options) : new Undrop();
        } catch (error) {
          thrown.push(error.name);
          ({ message } = error);
        }
      }
      const { handshakes } = await stats(id);
      return [thrown, /needs the URL/.test(message), handshakes];
    },
    expected: [['TypeError', 'TypeError', 'TypeError', 'TypeError'], true, 0],
  },
  'the class is an Undrop like the other': {
    play(url) {
      const socket = new Undrop(`${url}/echo`);
      const { name, OPEN, prototype } = Undrop;
      socket.close();
      const lacks = Object.keys(WebSocket.prototype).filter((key) => !Object.keys(prototype).includes(key));
      return [name, OPEN, String(socket), socket instanceof EventTarget, lacks, Object.keys(socket)];
    },
    expected: ['Undrop', 1, '[object WebSocket]', true, [], []],
  },
  'as long as nobody asks nothing is parsed': {
    async play(url) {
      const { parse } = JSON;
      let parsed = 0;
      JSON.parse = (text) => {
        parsed++;
        return parse(text);
      };
      const socket = await open(`${url}/echo`);
      JSON.parse = parse;
      socket.send('not JSON');
      socket.send('{}');
      const reader = socket.readable.getReader();
      await reader.read();
      await reader.read();
      const undo = socket.on('chat', () => {});
      undo();
      socket.send('not JSON');
      await reader.read();
      return [parsed, socket.stats.unhandled, socket.stats.invalid];
    },
    expected: [0, 0, 0],
  },

  // Streams.

  'an iterator gives what has arrived since it was made, in order, also to readers who wait': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const messages = socket.messages('chat');
      const all = socket.messages();
      socket.emit('chat', 1);
      socket.emit('news', 2);
      const reads = [messages.next(), messages.next(), messages.next()];
      socket.emit('chat', 3);
      socket.emit('chat', 4);
      const values = (await Promise.all(reads)).map(({ value }) => value);
      return [values, (await all.next()).value, (await all.next()).value];
    },
    expected: [[1, 3, 4], { type: 'chat', data: 1 }, { type: 'news', data: 2 }],
  },
  'a loop that is left leaves nothing behind': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      for (const number of [1, 2, 3, 4]) socket.emit('chat', number);
      const seen = [];
      for await (const number of socket.messages('chat')) {
        seen.push(number);
        if (number === 2) break;
      }
      const others = socket.on('other', () => {});
      await echoed(socket);
      others();
      return [seen, socket.stats.unhandled];
    },
    expected: [[1, 2], 2],
  },
  'an iterator whose reader is too slow gives what it has, and then says so': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const messages = socket.messages('chat', { limit: 2 });
      for (const number of [1, 2, 3, 4]) socket.emit('chat', number);
      await echoed(socket);
      const values = [(await messages.next()).value, (await messages.next()).value];
      const { name, message } = await messages.next().catch((error) => error);
      return [...values, name, message, (await messages.next()).done];
    },
    expected: [1, 2, 'QuotaExceededError', 'Undrop: more than 2 messages wait to be read (chat).', true],
  },
  'an aborted iterator throws the reason at once': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const controller = new AbortController();
      const messages = socket.messages('chat', { signal: controller.signal });
      const late = socket.messages('chat', { signal: AbortSignal.abort('before') });
      socket.emit('chat', 1);
      await echoed(socket);
      controller.abort('enough');
      return [await rejection(messages.next()), (await messages.next()).done, await rejection(late.next())];
    },
    expected: ['enough', true, 'before'],
  },
  'an iterator gives what arrived before the end, and then ends': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const messages = socket.messages('chat');
      for (const number of [1, 2]) socket.emit('chat', number);
      await echoed(socket);
      socket.close();
      await event(socket, 'close');
      const seen = [];
      for await (const number of messages) seen.push(number);
      return seen;
    },
    expected: [1, 2],
  },
  'readable gives what each message holds, as it came': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      socket.binaryType = 'arraybuffer';
      const reader = socket.readable.getReader();
      socket.send('text');
      socket.send(new Uint8Array([7]));
      const first = (await reader.read()).value;
      const second = new Uint8Array((await reader.read()).value)[0];
      socket.close();
      return [first, second, (await reader.read()).done];
    },
    expected: ['text', 7, true],
  },
  'readable is bounded, and cancel() lets go of it': {
    async play(url) {
      const socket = await open(`${url}/push?count=1100&size=4`);
      const slow = socket.readable.getReader();
      const cancelled = socket.readable.getReader();
      await cancelled.cancel();
      const last = new Promise((resolve) =>
        socket.addEventListener('message', ({ data }) => data.startsWith('1099') && resolve()),
      );
      await last;
      let read = 0;
      try {
        while (!(await slow.read()).done) read++;
      } catch ({ name }) {
        return [read, name, [(await cancelled.read()).done]];
      }
    },
    expected: [1024, 'QuotaExceededError', [true]],
  },
  'a file is uploaded at the pace of the network': {
    async play(url) {
      const MIB = 2 ** 20;
      const socket = await open(`${url}/count`);
      let received = 0;
      const arrived = new Promise((resolve) => {
        socket.addEventListener('message', ({ data }) => {
          received += JSON.parse(data).bytes;
          if (received === 24 * MIB) resolve();
        });
      });
      let most = 0;
      let largest = 0;
      const gauge = new TransformStream({
        transform(chunk, controller) {
          largest = Math.max(largest, chunk.byteLength);
          most = Math.max(most, socket.bufferedAmount);
          controller.enqueue(chunk);
        },
      });
      const file = new Blob([new Uint8Array(24 * MIB).fill(7)]);
      await file.stream().pipeThrough(gauge).pipeTo(socket.writable);
      const { bufferedAmount, readyState } = socket;
      await arrived;
      return { bufferedAmount, readyState, received, paced: most <= MIB + largest };
    },
    expected: { bufferedAmount: 0, readyState: 1, received: 24 * 2 ** 20, paced: true },
  },
  'a writer waits while the connection is down, and goes on': {
    async play(url) {
      const socket = new Undrop(`${url}/count`);
      const writer = socket.writable.getWriter();
      const states = [];
      for (const _ of [0, 1, 2]) {
        // The first chunk is queued before the connection is open, and is as large as the buffer.
        await writer.write(new Uint8Array(2 ** 20));
        states.push(socket.readyState);
      }
      await writer.close();
      return [states.slice(1), socket.bufferedAmount];
    },
    expected: [[1, 1], 0],
  },
  'a chunk that is not sent fails the writer, which names the connection': {
    async play(url) {
      const socket = new Undrop(`${url}/echo?token=secret`, [], { queue: { messages: 1, overflow: 'drop-oldest' } });
      const writer = socket.writable.getWriter();
      await writer.write('text');
      socket.send('another');
      const { name, message, stack } = await writer.closed.catch((error) => error);
      socket.close();
      return [name, message.replace(url, 'server'), !!stack];
    },
    expected: [
      'NetworkError',
      'Undrop: a chunk was not sent: the message made room for a newer one (server/echo).',
      true,
    ],
  },
  'each error of a request has a stack, and names its type': {
    async play(url) {
      const socket = await open(`${url}/echo`);
      const keep = ({ name, message, stack }) => [name, message.replace(url, 'server'), !!stack];
      const lost = socket.request('history').catch(keep);
      socket.reconnect();
      const errors = [await lost, await socket.request('time', null, { timeout: 0 }).catch(keep)];
      const closed = socket.request('news').catch(keep);
      socket.handle('ask', () => 1);
      try {
        socket.handle('ask', () => 2);
      } catch (error) {
        errors.push(keep(error));
      }
      socket.close();
      errors.push(await closed);
      return errors;
    },
    expected: [
      ['NetworkError', 'Undrop: no reply to history: the connection was lost.', true],
      ['TimeoutError', 'Undrop: no reply to time within 0 ms.', true],
      ['InvalidStateError', 'Undrop: ask has its handle() already.', true],
      ['InvalidStateError', 'Undrop: no reply to news: the connection is closed (server/echo).', true],
    ],
  },
};
