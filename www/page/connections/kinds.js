// The kinds of sockets that the page can use. The switch in the panel shows each of them, and the rest of the page treats all
// of them alike.
//
// Each gives a socket with the interface of `undrop/all`, or a part of it: `state`, `stats`, `bufferedAmount`, `on`, `emit`,
// `request`, `send`, `close`, and the events `open`, `drop`, `resume`, `close`, `lost` and `statechange`.

import { PlainSocket } from './plain.js';
import { openSession } from './session.js';
import { openUndrop } from './undrop.js';

/**
 * @typedef {object} HeartbeatCallbacks
 * @property {() => void} probed Called when a ping has been sent.
 * @property {(milliseconds: number) => void} answered Called when the server has answered it.
 */

/** `reconnects`: whether the socket reconnects by itself. `resumes`: whether messages survive that. */
export const kinds = {
  plain: { open: (address) => new PlainSocket(`/chat/${address}`), reconnects: false, resumes: false },
  undrop: { open: (address, callbacks) => openUndrop(`/chat/${address}`, callbacks), reconnects: true, resumes: false },
  session: {
    open: (address, callbacks) => openSession(`/session/${address}`, callbacks),
    reconnects: true,
    resumes: true,
  },
};
