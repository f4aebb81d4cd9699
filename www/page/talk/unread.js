// Shows in the title how many messages have arrived while the page had no focus.

import { words } from '../words.js';

let count = 0;

export function noteUnread() {
  if (document.hasFocus() && !document.hidden) return;
  count++;
  show();
}

function show() {
  document.title = count ? `(${count}) ${words.title}` : words.title;
}

function read() {
  if (document.hidden) return;
  count = 0;
  show();
}
window.addEventListener('focus', read);
document.addEventListener('visibilitychange', () => {
  if (document.hasFocus()) read();
});
