// The results of the delivery tests as a table, with a column for each kind of socket, and the buttons that run the tests.

import { kinds } from '../connections/kinds.js';
import { byId, make } from '../elements.js';
import { words } from '../words.js';

const OUTCOMES = ['sent', 'delivered', 'waiting', 'lost', 'twice', 'late'];
/** In a comparison: the seconds that each kind is tested, and the seconds at which its connection is cut. */
const LENGTH = 10;
const CUTS = [3, 6];

/** `switches`: resolves with a function that throws a switch of the server, if it has switches. */
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
      connection.connect(kind);
      await score.start();
      for (let second = 0; second < LENGTH; second++) {
        notice.textContent = words.comparing(words[kind], LENGTH - second);
        if (CUTS.includes(second) && connection.isOpen) throwSwitch('cut');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      await stop();
    }
    if (connection.kind !== before) connection.connect(before);
    notice.textContent = words.compared;
    count.disabled = compare.disabled = false;
  });
}

function rows(results) {
  const counted = Object.keys(kinds).filter((kind) => results.has(kind));
  const head = counted.map((kind) => make('th', { scope: 'col' }, words[kind]));
  const body = OUTCOMES.map((outcome) => {
    const cells = counted.map((kind) => {
      const { out, into } = results.get(kind);
      const sum = out[outcome] + into[outcome];
      const both = make('span', { className: 'both', hidden: sum === 0 }, `↑ ${out[outcome]}  ↓ ${into[outcome]}`);
      const className = outcome === 'lost' && sum > 0 ? 'bad' : '';
      return make('td', { className, id: `score-${kind}-${outcome}` }, make('strong', {}, String(sum)), ' ', both);
    });
    return make('tr', {}, make('th', { scope: 'row' }, words.outcomes[outcome]), ...cells);
  });
  return [make('tr', {}, make('td'), ...head), ...body];
}
