// What becomes of the line, in words: at the entrance, and once one is in above the field.

import { byId, make } from '../elements.js';
import { words } from '../words.js';

/** The wait may begin and end within a second. */
const LOOK_EVERY = 250;

let timer;

export function notify(text) {
  clearInterval(timer);
  place().textContent = text;
}

/** Says that something follows after so many milliseconds, and how many seconds are left. */
export function countDown(text, delay) {
  notify(text);
  const due = performance.now() + delay;
  // It is to be seen: a reader that said each second would say nothing else.
  const left = make('span', { ariaHidden: 'true' });
  const look = () => {
    const said = words.left(Math.max(0, Math.ceil((due - performance.now()) / 1_000)));
    if (left.textContent !== said) left.textContent = said;
  };
  look();
  place().append(left);
  timer = setInterval(look, LOOK_EVERY);
}

export function hush() {
  clearInterval(timer);
  for (const id of ['entrance-notice', 'notice']) byId(id).textContent = '';
}

export const isAtEntrance = () => byId('house').hidden;

const place = () => byId(isAtEntrance() ? 'entrance-notice' : 'notice');
