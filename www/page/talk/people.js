// The list of members, and who is writing.

import { byId, make, portrait } from '../elements.js';
import { words } from '../words.js';

/** How long a member is shown as writing. */
const TYPING = 4_000;

const writing = new Map();

export function showPeople(names, me) {
  byId('people-count').textContent = names.length ? String(names.length) : '';
  byId('people').replaceChildren(
    ...names.map((name) => {
      const mark = name === me ? [make('span', { className: 'faint' }, ` (${words.you})`)] : [];
      const label = make('span', { className: 'name' }, make('bdi', {}, name), ...mark);
      return make('li', { className: name === me ? 'me' : '' }, portrait(name), label);
    }),
  );
  for (const name of writing.keys()) if (!names.includes(name)) stopTyping(name);
}

export function showTyping(name) {
  clearTimeout(writing.get(name));
  writing.set(
    name,
    setTimeout(() => stopTyping(name), TYPING),
  );
  showWriting();
}

export function stopTyping(name) {
  clearTimeout(writing.get(name));
  if (writing.delete(name)) showWriting();
}

function showWriting() {
  byId('typing').textContent = writing.size ? words.typing([...writing.keys()]) : '';
}
