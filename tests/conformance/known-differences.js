// Cases in which ours is known to differ from the browser's own class, with the reason. Each entry of the list is checked
// to differ still, so that the list can only name what is true.
//
// 'concept: name of the case': 'why it differs and why that is acceptable',
//
// One difference is no case of the table: where a page's Content-Security-Policy has a `script-src`, ours needs
// `'wasm-unsafe-eval'` in it. See tests/packaging/csp.test.mjs.

// The browser fires its events at the native socket. A new event for each would double the cost of a message, and would not
// be trusted.
const retargeted =
  'the event is the browser’s own, with a prototype of ours between it and its class, which has our target';
// A registration is made at the native socket, and moves to the next one, which the base class does not do.
const registrations = 'the page’s listeners are registered with the native socket, which takes methods of our own';

const events = Object.fromEntries(
  ['open', 'message', 'error', 'close'].flatMap((type) => [
    [`events: ${type}: the prototype of the event is that of its class`, retargeted],
    [`events: ${type}: the target is seen through the accessors of Event.prototype`, retargeted],
  ]),
);

const ofAllEntries = {
  ...events,
  'custom events: a synthetic event stays the object it was: its prototype, its own properties, frozen or not':
    retargeted,
  'interface shape: the methods of EventTarget are inherited and not the class its own': registrations,
  'interface shape: the enumerable keys of the prototype are the interface': registrations,
  'brand: the methods of EventTarget taken from its prototype work on a socket': registrations,
  'protocols: a function is stringified, and its source is no token': 'a function is asked for the subprotocols',
  'interface shape: the own keys of the class are the constants, and those of a class':
    'it has `with`, and Symbol.hasInstance, so that it accepts the sockets of other entries',
};

/** The known differences of each class. */
export const knownDifferences = {
  index: ofAllEntries,
  slim: ofAllEntries,
  messages: ofAllEntries,
  session: ofAllEntries,
  all: ofAllEntries,
  with: ofAllEntries,
};
