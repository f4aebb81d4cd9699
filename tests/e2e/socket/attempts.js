// What a page can show of the attempts, at any time.

import { Undrop } from '../../../dist/index.js';
import { next } from './tools.js';

/** What a component that is mounted now would show. */
const shown = ({ state, attempt, retryAt }) => `${state} ${attempt}${retryAt === undefined ? '' : ' of a known time'}`;

/** What it would show at each event of these types, until the type of the last. */
const story = async (socket, types) => {
  const seen = [`now: ${shown(socket)}`];
  for (const type of types) socket.addEventListener(type, () => seen.push(`${type}: ${shown(socket)}`));
  await next(socket, types.at(-1));
  return seen;
};

const REFUSED = '/status?code=503';

export const attempts = {
  'before the first open the attempts are counted as retry.limit counts them': {
    play: (url) =>
      story(new Undrop(url + REFUSED, [], { retry: { limit: 3, first: 1, cap: 1 } }), ['statechange', 'drop', 'close']),
    expected: [
      'now: connecting 1',
      'statechange: waiting 2 of a known time',
      'drop: waiting 2 of a known time',
      'statechange: connecting 2',
      'statechange: waiting 3 of a known time',
      'drop: waiting 3 of a known time',
      'statechange: connecting 3',
      'statechange: closed 3',
      'close: closed 3',
    ],
  },

  'after a connection that lasted, and after reconnect(), attempts count from 1': {
    async play(url) {
      const path = `${url}/close?code=1001&after=1`;
      const socket = new Undrop(path, [], { retry: { first: 60_000, cap: 60_000, resetAfter: 0 } });
      const seen = [];
      await next(socket, 'open');
      seen.push(shown(socket));
      socket.send('now');
      await next(socket, 'drop');
      seen.push(shown(socket));
      socket.reconnect();
      seen.push(shown(socket));
      socket.close();
      seen.push(shown(socket));
      return seen;
    },
    expected: ['open 1', 'waiting 1 of a known time', 'connecting 1', 'closing 1'],
  },

  'reconnect() while it waits counts from 1 again': {
    async play(url) {
      const socket = new Undrop(url + REFUSED, [], { retry: { first: 60_000, cap: 60_000 } });
      const seen = [];
      for (let drops = 0; drops < 2; drops++) {
        await next(socket, 'drop');
        seen.push(shown(socket));
        socket.reconnect();
        seen.push(shown(socket));
      }
      socket.close();
      return seen;
    },
    expected: ['waiting 2 of a known time', 'connecting 1', 'waiting 2 of a known time', 'connecting 1'],
  },

  'retryAt is when the next attempt begins, and the same each time it is read': {
    async play(url) {
      const socket = new Undrop(url + REFUSED, [], { retry: { first: 60_000, cap: 60_000 } });
      const { delay } = await next(socket, 'drop');
      const { retryAt } = socket;
      const isDue = Math.abs(retryAt - Date.now() - delay) < 1_000;
      await new Promise((resolve) => setTimeout(resolve, 20));
      const isSame = socket.retryAt === retryAt;
      socket.close();
      return [isDue, isSame, typeof socket.retryAt];
    },
    expected: [true, true, 'undefined'],
  },

  'the state changes when the decision is made, so that what is read then is what comes': {
    async play(url) {
      const socket = new Undrop(url + REFUSED, [], { retry: () => 90_000 });
      await next(socket, 'statechange');
      const { retryAt } = socket;
      socket.close();
      return Math.round((retryAt - Date.now()) / 10_000);
    },
    expected: 9,
  },

  'a decision that ends it is no change to waiting': {
    play: (url) => story(new Undrop(url + REFUSED, [], { retry: () => false }), ['statechange', 'drop', 'close']),
    expected: ['now: connecting 1', 'statechange: closed 1', 'close: closed 1'],
  },
};
