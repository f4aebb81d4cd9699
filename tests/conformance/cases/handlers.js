// onopen, onmessage, onerror and onclose as event handler IDL attributes.
// https://html.spec.whatwg.org/#event-handler-idl-attributes

import { attempt, plain } from '../lib/observe.js';
import { connect, next, open, reportedErrors } from '../lib/sockets.js';

const names = ['onopen', 'onmessage', 'onerror', 'onclose'];
const type = (name) => name.slice(2);

/** Dispatches a synthetic event and gives what its listeners logged. */
function logged(socket, name, listen) {
  const log = [];
  listen(log);
  socket.dispatchEvent(new Event(type(name)));
  return log;
}

export const handlers = names.flatMap((name) => [
  {
    name: `${name} is null until it is set, and gives back the function`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const handler = () => {};
      const before = socket[name];
      socket[name] = handler;
      return [before, socket[name] === handler, Object.hasOwn(socket, name)];
    },
    expected: [null, true, false],
  },
  {
    name: `${name} becomes null for every primitive`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [undefined, null, 1, 'alert(1)', true, Symbol('handler'), 1n].map((value) => {
        socket[name] = () => {};
        return [attempt(() => Reflect.set(socket, name, value)), socket[name]];
      });
    },
    expected: Array(7).fill([{ returned: true }, null]),
  },
  {
    name: `${name} keeps an object that is not callable, and runs nothing`,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      const objects = [{}, [], { handleEvent: () => log.push('handleEvent') }, /x/, new Date()];
      await reportedErrors(log, () => {
        for (const object of objects) {
          socket[name] = object;
          log.push(socket[name] === object);
          socket.dispatchEvent(new Event(type(name)));
        }
      });
      return log;
    },
    expected: Array(5).fill(true),
  },
  {
    name: `${name} runs where it was first set, also after it was replaced`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket.addEventListener(type(name), () => log.push('before'));
        socket[name] = () => log.push('old');
        socket.addEventListener(type(name), () => log.push('after'));
        socket[name] = () => log.push('new');
      });
    },
    expected: ['before', 'new', 'after'],
  },
  {
    name: `${name} that was null and is set again runs last`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket[name] = () => log.push('handler');
        socket.addEventListener(type(name), () => log.push('listener'));
        socket[name] = null;
        socket[name] = () => log.push('handler again');
      });
    },
  },
  {
    name: `${name} that was a mere object keeps its place when it becomes a function`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket[name] = {};
        socket.addEventListener(type(name), () => log.push('listener'));
        socket[name] = () => log.push('handler');
      });
    },
  },
  {
    name: `${name} and the same function as a listener run both, and are removed apart`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const runs = [];
      for (const step of ['both', 'handler', 'none']) {
        const handler = () => runs.push(step);
        socket[name] = handler;
        socket.addEventListener(type(name), handler);
        if (step !== 'both') socket.removeEventListener(type(name), handler);
        if (step === 'none') socket[name] = null;
        socket.dispatchEvent(new Event(type(name)));
        socket.removeEventListener(type(name), handler);
      }
      return runs;
    },
    expected: ['both', 'both', 'handler'],
  },
  {
    name: `${name} that a listener replaces runs in its new form, and one that it clears does not run`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener(type(name), () => {
        socket[name] = log.length ? null : () => log.push('replaced');
      });
      socket[name] = () => log.push('old');
      socket.dispatchEvent(new Event(type(name)));
      socket.dispatchEvent(new Event(type(name)));
      return [...log, socket[name]];
    },
    expected: ['replaced', null],
  },
  {
    name: `${name} that clears itself runs once`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket[name] = () => {
          log.push('ran');
          socket[name] = null;
        };
        socket.dispatchEvent(new Event(type(name)));
      });
    },
    expected: ['ran'],
  },
  {
    name: `${name} set while its event is dispatched for the first time does not run for it`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket.addEventListener(type(name), () => {
          socket[name] = () => log.push('late');
        });
      });
    },
    expected: [],
  },
  {
    name: `${name} has the socket as this and one argument`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return logged(socket, name, (log) => {
        socket[name] = function (...args) {
          log.push(this === socket, args.length, args[0].type, plain(new.target));
        };
      });
    },
    expected: (_) => [true, 1, type(name), '<undefined>'],
  },
  {
    name: `${name} may be a class, a bound function or a proxy`,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      const handler = function () {
        log.push(this.who ?? 'socket');
      };
      await reportedErrors([], () => {
        for (const value of [handler.bind({ who: 'bound' }), new Proxy(handler, {}), class Handler {}]) {
          socket[name] = value;
          log.push(socket[name] === value);
          socket.dispatchEvent(new Event(type(name)));
        }
      });
      return log;
    },
    expected: [true, 'bound', true, 'socket', true],
  },
  {
    name: `${name} that throws is reported, and stays`,
    async run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      const log = [];
      await reportedErrors(log, () => {
        socket[name] = () => {
          throw new Error('mine');
        };
        socket.addEventListener(type(name), () => log.push('listener'));
        socket.dispatchEvent(new Event(type(name)));
        socket.dispatchEvent(new Event(type(name)));
      });
      return [...log, typeof socket[name]];
    },
    expected: [['reported', 'mine'], 'listener', ['reported', 'mine'], 'listener', 'function'],
  },
  {
    name: `${name} is not shared between sockets`,
    run(WebSocketClass, { server }) {
      const first = connect(WebSocketClass, `${server}/echo`);
      const second = connect(WebSocketClass, `${server}/echo`);
      first[name] = () => {};
      return [typeof first[name], second[name]];
    },
    expected: ['function', null],
  },
]);

handlers.push(
  {
    name: 'handlers run for the events of the network, in their place',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.addEventListener('message', () => log.push('before'));
      socket.onmessage = () => log.push('old');
      socket.addEventListener('message', () => log.push('after'));
      socket.onmessage = ({ data }) => log.push(data);
      const answer = next(socket, 'message');
      socket.send('handler');
      await answer;
      return log;
    },
    expected: ['before', 'handler', 'after'],
  },
  {
    name: 'a handler that is removed hears no more',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      socket.onmessage = ({ data }) => {
        log.push(data);
        socket.onmessage = null;
      };
      for (const text of ['first', 'second']) {
        const answer = next(socket, 'message');
        socket.send(text);
        await answer;
      }
      return log;
    },
    expected: ['first'],
  },
  {
    name: 'removeEventListener does not remove a handler, nor stop one',
    async run(WebSocketClass, { server }) {
      const socket = await open(WebSocketClass, `${server}/echo`);
      const log = [];
      const handler = () => log.push('handler');
      socket.onmessage = handler;
      socket.removeEventListener('message', handler);
      const answer = next(socket, 'message');
      socket.send('x');
      await answer;
      return log;
    },
    expected: ['handler'],
  },
);
