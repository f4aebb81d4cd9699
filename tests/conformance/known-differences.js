// Cases in which ours is known to differ from the browser's own class, with the reason. Each entry is checked
// to differ still, so that the list can only name what is true.
//
// 'concept: name of the case': 'why it differs and why that is acceptable',

// The browser fires its events at its own socket, and a new event for each would double the cost of a message and not
// be trusted. So they get a prototype, between them and their class, that shows ours as the target.
const face = 'the event is the browser’s own, with a prototype of ours on which the target is ours';
// A registration goes to the socket of the moment and moves to the next one, which the base class knows nothing of.
const registry = 'the page’s listeners are registered with the browser’s socket, which takes methods of our own';

const events = Object.fromEntries(
  ['open', 'message', 'error', 'close'].flatMap((type) => [
    [`events: ${type}: the prototype of the event is that of its class`, face],
    [`events: ${type}: the target is seen through the accessors of Event.prototype`, face],
  ]),
);

export const knownDifferences = {
  ...events,
  'custom events: a synthetic event stays the object it was: its prototype, its own properties, frozen or not': face,
  'interface shape: the methods of EventTarget are inherited and not the class its own': registry,
  'interface shape: the enumerable keys of the prototype are the interface': registry,
  'brand: the methods of EventTarget taken from its prototype work on a socket': registry,
  'protocols: a function is stringified, and its source is no token': 'a function is asked for the subprotocols',
};
