// Typed messages over sessions: `undrop/all`. The test server sends back what it gets, and so answers each request with
// what it holds. `url` is that of the fault proxy.

import { Undrop } from '../../../dist/all.js';
import { whilePeerCloses } from '../messages/page.js';
import { ask, cut, event, order } from './tools.js';

const open = async (url, options) => {
  const socket = new Undrop(url, [], { resume: true, retry: { first: 1, cap: 50 }, ...options });
  await event(socket, 'open');
  return socket;
};

const outcome = (promise) =>
  promise.then(
    (data) => data,
    ({ name, message }) => `${name} ${message}`,
  );

/** What a page does, and what it then sees. */
export const typedScenes = {
  'a request outlives the connection that it was sent on, and the one that its answer was lost on': {
    async play(url) {
      const socket = await open(`${url}/session?spread=1`);
      const invalid = [];
      socket.addEventListener('invalid', ({ reason }) => invalid.push(reason));
      await order('hole down on live');
      const left = socket.request('ask', { number: 1 });
      const down = cut(socket);
      await down;
      const waited = socket.request('ask', { number: 2 });
      await event(socket, 'resume');
      return { answers: await Promise.all([left, waited]), invalid };
    },
    expected: { answers: [{ number: 1 }, { number: 2 }], invalid: [] },
  },
  'a request fails with its session, whatever its outcome': {
    async play(url) {
      const socket = await open(`${url}/session?echo=0&ttl=0&spread=1`);
      const outcomes = [outcome(socket.request('ask', { is: 'delivered' }))];
      await socket.deliver('{"type":"said after it"}');
      await order('hole up on live');
      outcomes.push(outcome(socket.request('ask', { is: 'on its way' })));
      const reopened = event(socket, 'open');
      await cut(socket);
      outcomes.push(outcome(socket.request('ask', { is: 'waiting' })));
      await reopened;
      const later = outcome(socket.request('ask', { is: 'of the next session' }));
      socket.close();
      const words = await Promise.all([...outcomes, later]);
      return words.map((text) => text.replace(url, 'server'));
    },
    expected: [
      'NetworkError Undrop: no reply to ask: the connection was lost.',
      'NetworkError Undrop: no reply to ask: the session ended before the server acknowledged the message; it may have arrived (server/session).',
      'NetworkError Undrop: no reply to ask: the session ended before the message was sent (server/session).',
      'InvalidStateError Undrop: no reply to ask: the connection is closed (server/session).',
    ],
  },
  'what is emitted over many cuts arrives once and in order': {
    async play(url, id) {
      const socket = await open(`${url}/session?id=${id}&spread=1`);
      const count = 300;
      const arrived = [];
      const all = new Promise((resolve) => {
        socket.on('number', (number) => arrived.push(number) === count && resolve());
      });
      for (let number = 1; number <= count; number++) {
        socket.emit('number', number);
        if (number % 100) continue;
        const resumed = event(socket, 'resume');
        await order('reset');
        await resumed;
      }
      await all;
      const { sessions } = await ask(`/tally?id=${id}`);
      const { unhandled, invalid, drops } = socket.stats;
      return { inOrder: arrived.every((number, index) => number === index + 1), sessions, unhandled, invalid, drops };
    },
    expected: {
      inOrder: true,
      sessions: 1,
      unhandled: 0,
      invalid: 0,
      drops: { close: 3, heartbeat: 0, timeout: 0, url: 0, authenticate: 0, wake: 0, reconnect: 0 },
    },
  },
  'what is emitted while the server closes, and the close event is still to come, arrives': {
    async play(url, id) {
      const socket = await open(`${url}/session?id=${id}&spread=1`);
      const arrived = socket.next('number');
      whilePeerCloses(() => socket.emit('number', 1));
      await cut(socket);
      const number = await arrived;
      const { received } = await ask(`/tally?id=${id}`);
      return { number, received };
    },
    expected: { number: 1, received: 1 },
  },
  'a request that is withdrawn before it was sent is not sent': {
    async play(url, id) {
      const socket = await open(`${url}/session?id=${id}&spread=1`);
      await cut(socket);
      const controller = new AbortController();
      const aborted = outcome(socket.request('ask', 1, { signal: controller.signal }));
      controller.abort();
      const answer = await socket.request('ask', 2);
      const { received } = await ask(`/tally?id=${id}`);
      return { aborted: (await aborted).split(' ')[0], answer, received };
    },
    expected: { aborted: 'AbortError', answer: 2, received: 1 },
  },
  'without resume a request fails when its connection drops': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`, [], { retry: { first: 1 } });
      await event(socket, 'open');
      await order('hole down on live');
      const answer = outcome(socket.request('ask', 1));
      await cut(socket);
      return answer;
    },
    expected: 'NetworkError Undrop: no reply to ask: the connection was lost.',
  },
};
