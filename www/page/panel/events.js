// What happened to the line, the newest first. Probes that follow each other are one entry.

import { byId, make } from '../elements.js';
import { locale, words } from '../words.js';
import { milliseconds } from './trips.js';

/** As many entries stay. */
const MOST = 100;

const list = byId('events');
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Listens to the connection; gives what notes that a switch was thrown. */
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

  const told = words.event;
  let kind;
  connection.addEventListener('dial', () => {
    if (kind !== connection.kind) add('switch', told.kind(words[connection.kind]));
    kind = connection.kind;
    add('dial', told.dial);
  });
  connection.addEventListener('open', () => add('open', told.open));
  connection.addEventListener('drop', ({ detail }) => add('drop', told.drop(detail)));
  connection.addEventListener('resume', () => add('open', told.resume));
  connection.addEventListener('close', ({ detail }) => add('close', told.close(detail)));
  connection.addEventListener('lost', ({ detail }) => add('lost', told.lost(detail)));
  connection.addEventListener('probe', () => {
    if (probes === 0) add('probe', told.probe(1));
    probes++;
    amend(told.probe(probes));
  });
  connection.addEventListener('answer', ({ detail }) => {
    if (probes > 0) amend(told.answered(probes, milliseconds(detail)));
  });
  return (name) => add('switch', told.switch(name));
}
