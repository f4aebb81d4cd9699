// readyState through the life of a socket.

import { attempt } from '../lib/observe.js';
import { close, connect, next, open, openAndClose } from '../lib/sockets.js';

export const readyState = [
  {
    name: 'it goes from 0 to 1 before open, to 2 on close(), to 3 before close',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const states = [socket.readyState];
      socket.onopen = () => states.push(['open', socket.readyState]);
      socket.onclose = () => states.push(['close', socket.readyState]);
      await next(socket, 'open');
      states.push(socket.readyState);
      const closed = next(socket, 'close');
      socket.close();
      states.push(socket.readyState);
      await null;
      states.push(socket.readyState);
      await closed;
      return [...states, socket.readyState];
    },
    expected: [0, ['open', 1], 1, 2, 2, ['close', 3], 3],
  },
  {
    name: 'it is 1 in a message listener',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/push?count=1&size=10`);
      await next(socket, 'message');
      return socket.readyState;
    },
    expected: 1,
  },
  {
    name: 'it is 3 in error and close when the attempt fails',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/status?code=404`);
      const states = [socket.readyState];
      socket.onerror = () => states.push(['error', socket.readyState]);
      await next(socket, 'close');
      return [...states, ['close', socket.readyState]];
    },
    expected: [0, ['error', 3], ['close', 3]],
  },
  {
    name: 'it is 2 at once when close() is called while connecting, and 3 in its events',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/refuse`);
      const states = [socket.readyState];
      socket.onerror = () => states.push(['error', socket.readyState]);
      socket.close();
      states.push(socket.readyState);
      await next(socket, 'close');
      return [...states, ['close', socket.readyState]];
    },
    expected: [0, 2, ['error', 3], ['close', 3]],
  },
  {
    name: 'it is 3 in close when the server closes',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close?code=4000`);
      await next(socket, 'close');
      return socket.readyState;
    },
    expected: 3,
  },
  {
    name: 'it stays 2 while the server does not answer',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/silent`);
      socket.close();
      const other = await openAndClose(WebSocketClass, `${server}/echo`);
      return [socket.readyState, other.readyState];
    },
    expected: [2, 3],
  },
  {
    name: 'it stays 3 whatever is called after',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      await close(socket);
      socket.close();
      socket.send('nobody');
      socket.dispatchEvent(new Event('open'));
      return socket.readyState;
    },
    expected: 3,
  },
  {
    name: 'it cannot be set',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      return [attempt(() => Object.assign(socket, { readyState: 3 })).threw?.class, socket.readyState];
    },
    expected: ['TypeError', 1],
  },
  {
    name: 'a listener that loops does not see the state of what is still queued',
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/close?code=1000&after=3`);
      const states = [];
      await new Promise((resolve) => {
        socket.onopen = () => states.push(socket.readyState);
        socket.onclose = () => {
          states.push(socket.readyState);
          resolve();
        };
        socket.addEventListener('open', () => {
          for (let n = 0; n < 3; n++) socket.send('x');
          const until = performance.now() + 50;
          while (performance.now() < until);
          states.push(socket.readyState);
        });
      });
      return states;
    },
    expected: [1, 1, 3],
  },
];
