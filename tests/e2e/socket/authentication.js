// What a page says on a connection before anything else is sent.

import { Undrop } from '../../../dist/index.js';
import { Undrop as Session } from '../../../dist/session.js';
import { next, thrown, uncaught } from './tools.js';

const FAST = { first: 1, cap: 1 };

/** Sends and resolves with the echo. */
const ask = async ({ send, receive }, text) => {
  send(text);
  return receive();
};

/** Resolves when this text arrives. */
const heard = (socket, text) =>
  new Promise((resolve) => {
    socket.addEventListener('message', function hear({ data }) {
      if (data !== text) return;
      socket.removeEventListener('message', hear);
      resolve();
    });
  });

export const authentication = {
  'nothing that is queued leaves before the page has authenticated, on each connection': {
    async play(url) {
      const seen = [];
      const socket = new Undrop(`${url}/echo`, [], {
        retry: FAST,
        async authenticate(connection) {
          socket.send(`sent meanwhile ${socket.state} ${socket.readyState}`);
          seen.push(await ask(connection, 'a token'), await ask(connection, 'an answer'));
        },
      });
      socket.onopen = () => seen.push('open');
      socket.onmessage = ({ data }) => seen.push(data);
      socket.send('queued');
      await heard(socket, 'sent meanwhile connecting 0');
      socket.reconnect();
      await heard(socket, 'sent meanwhile connecting 0');
      socket.close();
      return seen;
    },
    expected: [
      ...['a token', 'an answer', 'open', 'queued', 'sent meanwhile connecting 0'],
      ...['a token', 'an answer', 'open', 'sent meanwhile connecting 0'],
    ],
  },

  'what it throws is reported as an uncaught error, drop and the decision carry it, and what is queued stays': {
    async play(url) {
      const failure = new Error('the token has expired');
      let calls = 0;
      const decided = [];
      let drop;
      let isQueued;
      const errors = await uncaught(async () => {
        const socket = new Undrop(`${url}/echo`, [], {
          retry: { ...FAST, decide: ({ cause, error }) => void decided.push(cause, error === failure) },
          async authenticate(connection) {
            await ask(connection, 'a token');
            if (!calls++) throw failure;
          },
        });
        socket.send('queued');
        drop = await next(socket, 'drop');
        isQueued = socket.bufferedAmount === 6;
        const { data } = await next(socket, 'message');
        decided.push(data);
        socket.close();
      });
      return [drop.cause, drop.error === failure, errors.length, errors[0] === failure, isQueued, decided];
    },
    expected: ['authenticate', true, 1, true, true, ['authenticate', true, 'queued']],
  },

  'a decision by what it throws ends it, and close has the cause and the error': {
    async play(url) {
      let close;
      await uncaught(async () => {
        const socket = new Undrop(`${url}/echo`, [], {
          retry: ({ error }) => error?.message !== 'refused' && undefined,
          authenticate() {
            throw new Error('refused');
          },
        });
        close = await next(socket, 'close');
      });
      return [close.cause, close.error.message];
    },
    expected: ['authenticate', 'refused'],
  },

  'a connection that closes meanwhile keeps what is queued, and that is no error of the page': {
    async play(url) {
      let rejection;
      let isAborted;
      let drop;
      let queued;
      const errors = await uncaught(async () => {
        const socket = new Undrop(`${url}/close?code=4000&reason=expired`, [], {
          retry: { first: 60_000, cap: 60_000 },
          async authenticate({ receive, signal }) {
            try {
              await receive();
            } catch (error) {
              isAborted = signal.aborted;
              rejection = error;
              throw error;
            }
          },
        });
        socket.send('queued');
        drop = await next(socket, 'drop');
        queued = socket.bufferedAmount;
        await Promise.resolve();
        socket.close();
      });
      return [drop.cause, drop.code, queued, rejection instanceof Error, isAborted, errors.length];
    },
    expected: ['close', 4000, 6, true, true, 0],
  },

  'what the server sends and authenticate does not receive is for the listeners of message, after open': {
    async play(url) {
      const seen = [];
      const socket = new Undrop(`${url}/push?count=3&size=1`, [], {
        async authenticate({ receive }) {
          await receive();
          seen.push('received');
          await fetch('/stats?id=none');
        },
      });
      socket.onopen = () => seen.push('open');
      await new Promise((resolve) => {
        socket.addEventListener('message', () => {
          seen.push('message');
          if (seen.length === 4) resolve();
        });
      });
      socket.close();
      return [seen, socket.stats.messagesIn];
    },
    expected: [['received', 'open', 'message', 'message'], 2],
  },

  'one that never returns ends by connectTimeout': {
    async play(url) {
      const socket = new Undrop(`${url}/echo`, [], {
        connectTimeout: 2_000,
        authenticate: () => new Promise(() => {}),
      });
      const { cause } = await next(socket, 'drop');
      socket.close();
      return cause;
    },
    expected: 'timeout',
  },

  'without retry and a queue, send throws while the page authenticates': {
    async play(url) {
      let error;
      let state;
      const socket = new Undrop(`${url}/echo`, [], {
        retry: false,
        authenticate() {
          error = thrown(() => socket.send('too early')).split(':')[0];
          state = `${socket.state} ${socket.readyState}`;
        },
      });
      await next(socket, 'open');
      const opened = `${socket.state} ${socket.readyState}`;
      socket.close();
      return [error, state, opened];
    },
    expected: ['InvalidStateError', 'connecting 0', 'open 1'],
  },

  'a session excludes it': {
    play: (url) => thrown(() => new Session(`${url}/session`, [], { resume: true, authenticate() {} })),
    expected: 'TypeError: Undrop: resume excludes authenticate: have the URL carry the token.',
  },
};
