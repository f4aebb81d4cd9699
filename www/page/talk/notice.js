// Notices about the connection: at the entrance, and in the chat above the field.

import { byId, make } from '../elements.js';
import { words } from '../words.js';

/** Short, as a delay may be less than a second. */
const UPDATE_INTERVAL = 250;

let timer;

export function notify(text) {
  clearInterval(timer);
  place().textContent = text;
}

/** Shows the text and the seconds that are left of the delay, which is in milliseconds. */
export function countDown(notice, delay) {
  notify(notice);
  const due = performance.now() + delay;
  // A screen reader does not read it out, as it would read every second.
  const left = make('span', { ariaHidden: 'true' });
  const update = () => {
    const text = words.left(Math.max(0, Math.ceil((due - performance.now()) / 1_000)));
    if (left.textContent !== text) left.textContent = text;
  };
  update();
  place().append(left);
  timer = setInterval(update, UPDATE_INTERVAL);
}

export function clearNotices() {
  clearInterval(timer);
  for (const id of ['entrance-notice', 'notice']) byId(id).textContent = '';
}

export const isAtEntrance = () => byId('chat').hidden;

const place = () => byId(isAtEntrance() ? 'entrance-notice' : 'notice');
