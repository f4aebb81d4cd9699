// Makes the addresses in a text links. Only `http:` and `https:` addresses become links, and the text of a link is its address,
// so that no link misleads.

import { make } from '../elements.js';

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`{}|\\^\u3000-\u303f\uff00-\uffef]+/giu;
/** Punctuation that ends a sentence rather than an address. */
const TAIL = /[.,:;!?…)\]]+$/u;

/** Returns the text as strings and link elements. */
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

/** Cuts punctuation off the end of an address, but keeps the bracket that closes one in it, as in Wikipedia's addresses. */
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
