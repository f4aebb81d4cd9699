// The events of the connection, the newest first. Consecutive probes are one entry.

import { byId, make } from '../elements.js';
import { locale, words } from '../words.js';
import { milliseconds } from './trips.js';

/** The most entries that are kept. */
const MOST = 100;

const list = byId('events');
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Listens to the connection. Returns a function that adds an entry for a switch. */
export function showEvents(connection) {
  let probes = 0;
  const add = (type, text) => {
    probes = 0;
    const time = make('time', { dateTime: new Date().toISOString() }, clock.format(Date.now()));
    const entry = make('li', { className: type }, time, make('span', {}, text));
    list.prepend(entry);
    while (list.childElementCount > MOST) list.lastElementChild.remove();
  };
  const amend = (text) => {
    list.firstElementChild.lastElementChild.textContent = text;
  };

  const texts = words.event;
  let kind;
  connection.addEventListener('attempt', () => {
    if (kind !== connection.kind) add('switch', texts.kind(words[connection.kind]));
    kind = connection.kind;
    add('attempt', texts.attempt);
  });
  connection.addEventListener('open', () => add('open', texts.open));
  connection.addEventListener('drop', ({ detail }) => add('drop', texts.drop(detail)));
  connection.addEventListener('resume', () => add('open', texts.resume));
  connection.addEventListener('close', ({ detail }) => add('close', texts.close(detail)));
  connection.addEventListener('lost', ({ detail }) => add('lost', texts.lost(detail)));
  connection.addEventListener('probe', () => {
    if (probes === 0) add('probe', texts.probe(1));
    probes++;
    amend(texts.probe(probes));
  });
  connection.addEventListener('answer', ({ detail }) => {
    if (probes > 0) amend(texts.answered(probes, milliseconds(detail)));
  });
  return (name) => add('switch', texts.switch(name));
}
