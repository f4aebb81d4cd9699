import ReconnectingWebSocket from 'reconnecting-websocket';
import { listened } from './listened.js';

const options = { minReconnectionDelay: 1, maxReconnectionDelay: 1 };

/** A socket that queues up to so many messages while it is not open. */
export const makeQueue = (url, maxEnqueuedMessages) =>
  new ReconnectingWebSocket(url, [], { ...options, maxEnqueuedMessages });

export const open = (url, app) => listened(new ReconnectingWebSocket(url, [], options), app);
