// The score as a table, a column for each kind of line that was counted, and the buttons that count.

import { byId, make } from '../elements.js';
import { kinds } from '../lines/kinds.js';
import { words } from '../words.js';

const FATES = ['sent', 'delivered', 'waiting', 'lost', 'twice', 'late'];
/** In seconds: how long each kind is counted when they are compared, and when its line is cut. */
const LENGTH = 10;
const CUTS = [3, 6];

/** `switches`: resolves with what throws a switch of the server, if it has any. */
export async function showScore(connection, score, switches) {
  const notice = byId('score-notice');
  const [count, compare] = [byId('count'), byId('compare')];
  const table = byId('score');

  score.addEventListener('change', () => {
    count.ariaPressed = String(score.isRunning);
    table.hidden = false;
    table.replaceChildren(...rows(score.results));
  });

  const stop = async () => {
    notice.textContent = words.settling;
    await score.stop();
    notice.textContent = '';
  };
  count.addEventListener('click', async () => {
    count.disabled = true;
    await (score.isRunning ? stop() : score.start());
    count.disabled = false;
  });

  const throwSwitch = await switches;
  compare.hidden = !throwSwitch;
  compare.addEventListener('click', async () => {
    count.disabled = compare.disabled = true;
    if (score.isRunning) await stop();
    const before = connection.kind;
    for (const kind of Object.keys(kinds)) {
      connection.dial(kind);
      await score.start();
      for (let second = 0; second < LENGTH; second++) {
        notice.textContent = words.comparing(words[kind], LENGTH - second);
        if (CUTS.includes(second) && connection.isOpen) throwSwitch('cut');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      await stop();
    }
    if (connection.kind !== before) connection.dial(before);
    notice.textContent = words.compared;
    count.disabled = compare.disabled = false;
  });
}

function rows(results) {
  const counted = Object.keys(kinds).filter((kind) => results.has(kind));
  const head = counted.map((kind) => make('th', { scope: 'col' }, words[kind]));
  const body = FATES.map((fate) => {
    const cells = counted.map((kind) => {
      const { out, into } = results.get(kind);
      const sum = out[fate] + into[fate];
      const both = make('span', { className: 'both', hidden: sum === 0 }, `↑ ${out[fate]}  ↓ ${into[fate]}`);
      const className = fate === 'lost' && sum > 0 ? 'bad' : '';
      return make('td', { className, id: `score-${kind}-${fate}` }, make('strong', {}, String(sum)), ' ', both);
    });
    return make('tr', {}, make('th', { scope: 'row' }, words.fates[fate]), ...cells);
  });
  return [make('tr', {}, make('td'), ...head), ...body];
}
