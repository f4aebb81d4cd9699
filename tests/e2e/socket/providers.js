// Functions for the URL and the subprotocols that fail.

import { Undrop } from '../../../dist/index.js';
import { next, uncaught } from './tools.js';

class Unauthorized extends Error {
  status = 401;
}

const failing = {
  'a function for the URL that throws': [
    () => {
      throw new Unauthorized('no token');
    },
    [],
  ],
  'a function for the URL that rejects': [() => Promise.reject(new Unauthorized('no token')), []],
  'a function for the subprotocols that rejects': [(url) => url, () => Promise.reject(new Unauthorized('no token'))],
};

export const providers = {
  ...Object.fromEntries(
    Object.entries(failing).map(([what, [provide, protocols]]) => [
      `${what} is reported as an uncaught error, and the decision, drop and close carry the error`,
      {
        async play(url) {
          let drop;
          let close;
          const asked = [];
          const errors = await uncaught(async () => {
            const socket = new Undrop(() => provide(url), protocols, {
              retry: {
                first: 1,
                cap: 1,
                decide({ cause, error }) {
                  asked.push(cause, error);
                  return asked.length < 4 && undefined;
                },
              },
            });
            drop = await next(socket, 'drop');
            close = await next(socket, 'close');
          });
          const [first, second] = errors;
          return [
            errors.map(({ status }) => status),
            asked[0],
            asked[1] === first,
            drop.error === first,
            close.cause,
            close.error === second,
          ];
        },
        expected: [[401, 401], 'url', true, true, 'url', true],
      },
    ]),
  ),

  'preventDefault() on the drop of a function that failed closes, and close carries the error': {
    async play() {
      let close;
      const errors = await uncaught(async () => {
        const socket = new Undrop(() => Promise.reject(new Unauthorized('no token')));
        socket.ondrop = (event) => event.error.status === 401 && event.preventDefault();
        close = await next(socket, 'close');
      });
      return [close.cause, close.error === errors[0], close.code];
    },
    expected: ['url', true, 1006],
  },

  'a function that returns what is no URL is reported with what the native constructor throws': {
    async play() {
      let drop;
      const errors = await uncaught(async () => {
        const socket = new Undrop(async () => 'ftp://example.org', [], { retry: { first: 60_000, cap: 60_000 } });
        drop = await next(socket, 'drop');
        socket.close();
      });
      return [drop.cause, drop.error.name, drop.error === errors[0], errors.length];
    },
    expected: ['url', 'SyntaxError', true, 1],
  },

  'the error of an earlier attempt is not told of a later one': {
    async play(url) {
      let fails = true;
      let later;
      await uncaught(async () => {
        const socket = new Undrop(
          () => {
            if (fails) throw new Error('no token');
            return `${url}/close?code=1001&after=0`;
          },
          [],
          { retry: { first: 1, cap: 1 } },
        );
        await next(socket, 'drop');
        fails = false;
        later = await next(socket, 'drop');
        socket.close();
      });
      return [later.cause, 'error' in later];
    },
    expected: ['close', false],
  },
};
