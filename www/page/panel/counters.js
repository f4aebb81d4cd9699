// Shows the `stats` of the socket, read four times a second while the page is visible.

import { byId, make } from '../elements.js';
import { locale, words } from '../words.js';
import { milliseconds } from './trips.js';

const READ_INTERVAL = 250;
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
    if (document.hidden || !connection.socket) return;
    for (const [name, text] of Object.entries(read(connection.socket))) {
      const field = fields.get(name);
      if (field.textContent !== text) field.textContent = text;
    }
  }, READ_INTERVAL);
}

function read({ stats, bufferedAmount }) {
  const { attempts, opens, drops, messagesIn, messagesOut, bytesIn, bytesOut, roundTrip } = stats;
  const lost = Object.entries(drops).filter(([, count]) => count > 0);
  const sum = lost.reduce((total, [, count]) => total + count, 0);
  const causes = lost.map(([cause, count]) => `${words.causes[cause]} ${count}`).join(', ');
  return {
    queue: number.format(bufferedAmount),
    attempts: number.format(attempts),
    opens: number.format(opens),
    drops: sum ? `${number.format(sum)} (${causes})` : '0',
    messagesOut: number.format(messagesOut),
    messagesIn: number.format(messagesIn),
    bytesOut: bytes.format(bytesOut),
    bytesIn: bytes.format(bytesIn),
    mean: roundTrip?.mean ? milliseconds(roundTrip.mean) : '–',
    // `min` is in whole milliseconds.
    min: roundTrip?.mean ? (roundTrip.min ? milliseconds(roundTrip.min) : '< 1 ms') : '–',
  };
}
