// What becomes of the line, in words: at the entrance, and once one is in above the field.

import { byId } from '../elements.js';

export function notify(text) {
  place().textContent = text;
}

export function hush() {
  for (const id of ['entrance-notice', 'notice']) byId(id).textContent = '';
}

export const isAtEntrance = () => byId('house').hidden;

const place = () => byId(isAtEntrance() ? 'entrance-notice' : 'notice');
