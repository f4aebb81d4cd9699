// The table: what the standard says of a WebSocket, one concept a file.
//
// A case is `{ name, run(WebSocketClass, env), expected?, scopes? }`. `run` gives an observation in plain data; the same case
// run on the browser's own class must give the same. `expected`, where it is there, is what the standard says, and the browser's own
// class is held to it too. `env` is `{ server, scope, folder, closedPort }`: the ws:// address of the test
// server, the kind of the global scope, the folder that relative urls begin at, a port where nobody listens.

import { bigMessages } from './big-messages.js';
import { binaryType } from './binary-type.js';
import { brand } from './brand.js';
import { bufferedAmount } from './buffered-amount.js';
import { close } from './close.js';
import { closeArguments } from './close-arguments.js';
import { closeEvents } from './close-events.js';
import { constants } from './constants.js';
import { construction } from './constructor.js';
import { customEvents } from './custom-events.js';
import { errorEvents } from './error-events.js';
import { eventTarget } from './event-target.js';
import { events } from './events.js';
import { frames } from './frames.js';
import { handlers } from './handlers.js';
import { handshake } from './handshake.js';
import { interfaceShape } from './interface-shape.js';
import { messages } from './messages.js';
import { protocols } from './protocols.js';
import { readyState } from './ready-state.js';
import { send } from './send.js';
import { sendConversions } from './send-conversions.js';
import { sendStates } from './send-states.js';
import { subclassing } from './subclassing.js';
import { url } from './url.js';

// Concepts whose attempts open come first, those whose attempts fail last: see `warmUp` in run.js.
export const concepts = Object.entries({
  handshake,
  send,
  'send conversions': sendConversions,
  'send states': sendStates,
  'buffered amount': bufferedAmount,
  messages,
  'big messages': bigMessages,
  close,
  'close arguments': closeArguments,
  'close events': closeEvents,
  events,
  'event target': eventTarget,
  'custom events': customEvents,
  handlers,
  frames,
  'binary type': binaryType,
  protocols,
  'ready state': readyState,
  subclassing,
  brand,
  constants,
  'interface shape': interfaceShape,
  constructor: construction,
  'error events': errorEvents,
  url,
}).map(([concept, cases]) => ({ concept, cases }));
