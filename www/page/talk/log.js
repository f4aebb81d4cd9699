// The log of messages: those of one person are grouped, and the newest is in sight unless the reader has scrolled up.

import { byId, hue, make, portrait } from '../elements.js';
import { pictureOf } from '../files/picture.js';
import { locale, words } from '../words.js';
import { withLinks } from './links.js';

/** The most messages that are kept on the page. */
const MOST = 500;
/** Messages of one person within this time are grouped. */
const TOGETHER = 5 * 60_000;
/** A text of only a few emoji, which is shown large. */
const EMOJI = /^(?=.*\p{Extended_Pictographic})[\p{Extended_Pictographic}\p{Emoji_Component}\s]{1,14}$/u;

const log = byId('log');
const items = byId('items');
const empty = byId('empty');
const newest = byId('newest');
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });

/** The epoch of the room that the numbers belong to, and the highest number that is shown. */
let epoch;
let highest = 0;
/** @type {{ from: string, at: number } | undefined} */
let previous;
/** Whether the newest message stays in sight, and how many messages have arrived since it does not. */
let following = true;
let unread = 0;

/** Shows the messages that were missed. `mine`: the name of this member. */
export function showHistory(history, roomEpoch, mine, loader) {
  // A screen reader does not read the history out.
  log.ariaLive = 'off';
  if (epoch !== undefined && epoch !== roomEpoch) divide(words.restarted);
  if (epoch !== roomEpoch) highest = 0;
  epoch = roomEpoch;
  const gap = history.length && highest ? history[0].number - highest - 1 : 0;
  if (gap > 0) divide(words.missing(gap));
  for (const item of history) show(item, mine, loader);
  requestAnimationFrame(() => {
    log.ariaLive = 'polite';
  });
}

/** Shows a message, unless it is shown already. Returns whether it was new. */
export function show(item, mine, loader) {
  const { number, from, at, text, file } = item;
  if (number <= highest) return false;
  highest = number;
  const entry = make('li', { className: from === mine ? 'mine' : '' });
  if (previous?.from !== from || at - previous.at > TOGETHER) {
    entry.classList.add('first');
    entry.append(portrait(from), heading(from, at));
  }
  entry.append(file ? pictureOf(file, from, loader) : bubble(text, at));
  previous = { from, at };
  // Pending messages stay below it.
  const pending = log.querySelector('.pending');
  if (pending) items.insertBefore(entry, pending);
  else items.append(entry);
  settle(entry);
  return true;
}

/** Shows a message of this member before the room has it. Returns functions that update its state. */
export function showPending(text, file) {
  const state = make('span', { className: 'outcome' });
  const bar = file && make('progress', { max: 1, value: 0, ariaLabel: file.name });
  const what = file ? make('p', { className: 'bubble' }, file.name) : bubble(text);
  const entry = make('li', { className: 'mine pending' }, what, ...(bar ? [bar] : []), state);
  items.append(entry);
  settle(entry);
  showLast();
  return {
    /** Shows the state in words. */
    say(text) {
      state.replaceChildren(text);
      entry.classList.remove('failed');
    },
    /** Shows why it failed. `again`: sends it again, if that may help. */
    fail(why, again) {
      const dismiss = () => {
        entry.remove();
        empty.hidden = items.childElementCount > 0;
        byId('text').focus();
      };
      const choices = again ? [choice('send-again', again), ' '] : [];
      state.replaceChildren(why, ' ', ...choices, choice('dismiss', dismiss));
      entry.classList.add('failed');
    },
    progress(share) {
      if (bar) bar.value = share;
    },
    remove: () => entry.remove(),
  };
}

/** Scrolls to the newest message. */
export function showLast() {
  following = true;
  unread = 0;
  log.scrollTop = log.scrollHeight;
  newest.hidden = true;
}

function choice(word, act) {
  const button = make('button', { type: 'button', className: 'small quiet' }, words[word]);
  button.addEventListener('click', act, { once: true });
  return button;
}

function settle(entry) {
  empty.hidden = true;
  while (items.childElementCount > MOST) items.firstElementChild.remove();
  if (following) return showLast();
  if (entry.classList.contains('mine')) return;
  unread++;
  newest.textContent = words.newest(unread);
  newest.hidden = false;
}

function divide(text) {
  items.append(make('li', { className: 'divider' }, text));
  previous = undefined;
}

function bubble(text, at) {
  const className = EMOJI.test(text) ? 'bubble emoji' : 'bubble';
  const title = at ? calendar.format(at) : '';
  return make('p', { className, title, dir: 'auto' }, ...withLinks(text));
}

function heading(from, at) {
  const who = make('strong', {}, make('bdi', {}, from));
  who.style.setProperty('--hue', hue(from));
  const when = make('time', { dateTime: new Date(at).toISOString(), title: calendar.format(at) }, clock.format(at));
  return make('div', { className: 'heading' }, who, when);
}

log.addEventListener('scroll', () => {
  following = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  if (following) showLast();
});
// A phone's keyboard and a growing field make the log smaller; a loaded picture makes its content larger.
new ResizeObserver(() => {
  if (following) showLast();
}).observe(log);
log.addEventListener(
  'load',
  () => {
    if (following) showLast();
  },
  true,
);
newest.addEventListener('click', showLast);
