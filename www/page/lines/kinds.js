// What the page can talk over: the switch in the panel shows each of them, and nothing else in the page knows which one it is.
//
// Each gives a line as `undrop/messages` has it, or as much of it as it can: `state`, `stats`, `bufferedAmount`, `on`, `emit`,
// `request`, `send`, `close`, and the events `open`, `drop`, `close`, `lost` and `statechange`.

import { PlainLine } from './plain.js';
import { openUndrop } from './undrop.js';

/**
 * @typedef {object} Ears What a line tells besides its events.
 * @property {() => void} probed The server was asked whether it is there.
 * @property {(milliseconds: number) => void} answered The server has answered.
 */

/** `mends`: whether it comes back by itself. */
export const kinds = {
  plain: { open: (url) => new PlainLine(url), mends: false },
  undrop: { open: openUndrop, mends: true },
};
