// What the line counts by itself, read off four times a second while the panel is to be seen.

import { byId, make } from '../elements.js';
import { locale, words } from '../words.js';
import { milliseconds } from './trips.js';

const READ_EVERY = 250;
const number = new Intl.NumberFormat(locale);
const bytes = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });

export function showCounters(connection) {
  const fields = new Map(
    Object.entries(words.stats).map(([name, label]) => {
      const value = make('dd', { id: `stat-${name}` }, '–');
      byId('counters').append(make('div', {}, make('dt', {}, label), value));
      return [name, value];
    }),
  );
  setInterval(() => {
    if (document.hidden || !connection.line) return;
    for (const [name, text] of Object.entries(read(connection.line))) {
      const field = fields.get(name);
      if (field.textContent !== text) field.textContent = text;
    }
  }, READ_EVERY);
}

function read({ stats, bufferedAmount }) {
  const { dials, opens, drops, messagesIn, messagesOut, bytesIn, bytesOut, roundTrip } = stats;
  const lost = Object.entries(drops).filter(([, count]) => count > 0);
  const sum = lost.reduce((total, [, count]) => total + count, 0);
  const causes = lost.map(([cause, count]) => `${words.causes[cause]} ${count}`).join(', ');
  return {
    queue: number.format(bufferedAmount),
    dials: number.format(dials),
    opens: number.format(opens),
    drops: sum ? `${number.format(sum)} (${causes})` : '0',
    messagesOut: number.format(messagesOut),
    messagesIn: number.format(messagesIn),
    bytesOut: bytes.format(bytesOut),
    bytesIn: bytes.format(bytesIn),
    mean: roundTrip?.mean ? milliseconds(roundTrip.mean) : '–',
    // It counts whole milliseconds.
    min: roundTrip?.mean ? (roundTrip.min ? milliseconds(roundTrip.min) : '< 1 ms') : '–',
  };
}
