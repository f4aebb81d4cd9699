// An attempt that fails: error, then close with 1006, whatever the reason, so that a page cannot scan a network.

import { describeEvent } from '../lib/observe.js';
import { connect, story } from '../lib/sockets.js';

const failures = {
  'a status of 200': '/status?code=200',
  'a status of 301': '/status?code=301',
  'a status of 400': '/status?code=400',
  'a status of 401': '/status?code=401',
  'a status of 403': '/status?code=403',
  'a status of 404': '/status?code=404',
  'a status of 407': '/status?code=407',
  'a status of 429': '/status?code=429',
  'a status of 500': '/status?code=500',
  'a status of 503': '/status?code=503',
  'an answer that is no HTTP': '/garbage',
  'a wrong accept key': '/badaccept',
  'a reset within the handshake': '/refuse',
};

const failed = [
  ['error', 3],
  ['close', 3, 1006, '', false],
];
const describe = ({ type, target, code, reason, wasClean }) =>
  type === 'close' ? [type, target.readyState, code, reason, wasClean] : [type, target.readyState];

export const errorEvents = [
  ...Object.entries(failures).map(([what, address]) => ({
    name: `${what} is an error and a close`,
    run: (WebSocketClass, { server }) => story(connect(WebSocketClass, `${server}${address}`), describe),
    expected: failed,
  })),
  {
    name: 'a port where nobody listens is an error and a close',
    run: (WebSocketClass, { closedPort }) => story(connect(WebSocketClass, `ws://127.0.0.1:${closedPort}/`), describe),
    expected: failed,
  },
  {
    name: 'a name that does not exist is an error and a close',
    // A label that is too long for DNS: it fails at once, where a resolver may take its time over any other.
    run: (WebSocketClass) => story(connect(WebSocketClass, `ws://${'a'.repeat(64)}.invalid/`), describe),
    expected: failed,
  },
  {
    name: 'TLS to a server without TLS is an error and a close',
    // Firefox says 1015 here.
    run: (WebSocketClass, { server }) =>
      story(connect(WebSocketClass, `${server.replace('ws', 'wss')}/echo`), describe),
  },
  {
    name: 'the error is a plain Event without details',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/status?code=403`);
      return new Promise((resolve) => {
        socket.onerror = (event) =>
          resolve({
            ...describeEvent(event, socket),
            plain: event.constructor === Event && !(event instanceof ErrorEvent),
            message: 'message' in event,
            string: String(event),
          });
      });
    },
    expected: {
      class: 'Event',
      type: 'error',
      target: true,
      currentTarget: true,
      srcElement: true,
      composedPath: true,
      eventPhase: 2,
      bubbles: false,
      cancelable: false,
      composed: false,
      defaultPrevented: false,
      returnValue: true,
      cancelBubble: false,
      isTrusted: true,
      timeStamp: 'number',
      plain: true,
      message: false,
      string: '[object Event]',
    },
  },
  {
    name: 'error and close run in one task: promises settle in between, tasks do not',
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/status?code=404`);
      const log = [];
      socket.onerror = () => {
        log.push('error');
        queueMicrotask(() => log.push('microtask'));
      };
      return new Promise((resolve) => {
        socket.onclose = () => resolve([...log, 'close']);
      });
    },
    expected: ['error', 'microtask', 'close'],
  },
];
