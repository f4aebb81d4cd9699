// Text with its links. Only `http:` and `https:` become links, and their text is their address, so that none says something
// else than it is.

import { make } from '../elements.js';

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`{}|\\^\u3000-\u303f\uff00-\uffef]+/giu;
/** What ends a sentence rather than an address. */
const TAIL = /[.,:;!?…)\]]+$/u;

/** The text as strings and link elements. */
export function withLinks(text) {
  const parts = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found);
    const url = URL.parse?.(address) ?? parse(address);
    if (!url || !/^https?:$/.test(url.protocol)) continue;
    parts.push(text.slice(done, index));
    parts.push(make('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, address));
    done = index + address.length;
  }
  return [...parts, text.slice(done)].filter((part) => part !== '');
}

/** An address as in Wikipedia's keeps the bracket that it opens. */
function trimmed(address) {
  const tail = address.match(TAIL)?.[0] ?? '';
  const opens = address.split('(').length - address.slice(0, address.length - tail.length).split(')').length;
  const kept = opens > 0 && tail.startsWith(')') ? 1 : 0;
  return address.slice(0, address.length - tail.length + kept);
}

function parse(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
