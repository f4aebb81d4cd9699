import ReconnectingWebSocket from 'partysocket/ws';
import { listened } from './listened.js';

const options = { minReconnectionDelay: 1, maxReconnectionDelay: 1 };

/** With room for so many messages while the line is down. */
export const makeQueue = (url, maxEnqueuedMessages) =>
  new ReconnectingWebSocket(url, [], { ...options, maxEnqueuedMessages });

export const open = (url, app) => listened(new ReconnectingWebSocket(url, [], options), app);
