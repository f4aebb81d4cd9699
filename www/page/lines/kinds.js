// What the page can talk over: the switch in the panel shows each of them, and nothing else in the page knows which one it is.
//
// Each gives a line as `undrop/all` has it, or as much of it as it can: `state`, `stats`, `bufferedAmount`, `on`, `emit`,
// `request`, `send`, `close`, and the events `open`, `drop`, `resume`, `close`, `lost` and `statechange`.

import { PlainLine } from './plain.js';
import { openSession } from './session.js';
import { openUndrop } from './undrop.js';

/**
 * @typedef {object} Ears What a line tells besides its events.
 * @property {() => void} probed The server was asked whether it is there.
 * @property {(milliseconds: number) => void} answered The server has answered.
 */

/** `mends`: whether it comes back by itself. `keeps`: whether what was under way is then still under way. */
export const kinds = {
  plain: { open: (address) => new PlainLine(`/chat/${address}`), mends: false, keeps: false },
  undrop: { open: (address, ears) => openUndrop(`/chat/${address}`, ears), mends: true, keeps: false },
  session: { open: (address, ears) => openSession(`/session/${address}`, ears), mends: true, keeps: true },
};
