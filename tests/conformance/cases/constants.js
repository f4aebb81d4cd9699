// CONNECTING, OPEN, CLOSING and CLOSED. https://webidl.spec.whatwg.org/#idl-constants

import { attempt, describeProperty } from '../lib/observe.js';
import { connect } from '../lib/sockets.js';

const names = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
const typeError = { threw: { class: 'TypeError', name: 'TypeError' } };

export const constants = names.flatMap((name, value) => [
  {
    name: `${name} is ${value} on the class, its prototype and an instance`,
    run: (WebSocketClass, { server }) => [
      WebSocketClass[name],
      WebSocketClass.prototype[name],
      connect(WebSocketClass, `${server}/echo`)[name],
    ],
    expected: [value, value, value],
  },
  {
    name: `${name} is fixed and enumerable on the class and its prototype, and not an instance's own`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [WebSocketClass, WebSocketClass.prototype, socket].map((holder) => describeProperty(holder, name));
    },
    expected: [
      { value, writable: false, enumerable: true, configurable: false },
      { value, writable: false, enumerable: true, configurable: false },
      '<absent>',
    ],
  },
  {
    name: `${name} cannot be set, deleted or defined anew`,
    run(WebSocketClass, { server }) {
      const socket = connect(WebSocketClass, `${server}/echo`);
      return [WebSocketClass, WebSocketClass.prototype].flatMap((holder) => [
        attempt(() => Object.assign(holder, { [name]: 9 })),
        Reflect.deleteProperty(holder, name),
        Reflect.defineProperty(holder, name, { value: 9 }),
        attempt(() => Object.assign(socket, { [name]: 9 })),
        holder[name],
        socket[name],
      ]);
    },
    expected: [typeError, false, false, typeError, value, value, typeError, false, false, typeError, value, value],
  },
]);
