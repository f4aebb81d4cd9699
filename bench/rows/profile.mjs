// Where a client spends its time, by the browser's profiler.

import { FLOOR, PLAIN, SESSION, TYPED } from '../contenders/index.mjs';
import { placer, profiled } from '../lib/profile.mjs';
import { inRounds } from '../lib/rounds.mjs';
import { first } from './cold.mjs';

const MESSAGES = [
  { name: FLOOR },
  { name: PLAIN },
  { name: TYPED },
  { name: PLAIN, count: 1_000 },
  { name: FLOOR, types: 10_000 },
  { name: TYPED, types: 10_000 },
];
const COLD = [FLOOR, PLAIN, SESSION];

/** A place with a smaller share of the total is not shown. */
const LEAST = 0.005;

export const profile = {
  name: 'profile',
  run: async (stage) => [...(await ofMessages(stage)), ...(await ofColdPages(stage))],
};

async function ofMessages(stage) {
  const place = placer(stage.pages.bundles);
  const [rounds, messages] = stage.quick ? [3, 4_000] : [15, 20_000];
  const figures = [];
  for (const { name, count = 1, types = 1 } of MESSAGES) {
    await stage.page([name], { synthetic: true });
    await stage.call('connectSynthetic', name, { count, types });
    const measured = [];
    for (let round = -3; round < rounds; round++) {
      await stage.call('prepare', name, { count: messages, size: 100, types });
      const samples = await profiled(stage.browser.send, () => stage.call('deliverPrepared', name));
      // Outside of JavaScript the browser spends its time on the profiler.
      const own = samples.filter(({ frames }) => frames[0].functionName !== '(program)');
      if (round >= 0) measured.push(timesBy(place, own, 1e6 / messages));
    }
    const among = [count > 1 && `, ${amount(count)} sockets`, types > 1 && `, ${amount(types)} types`].filter(Boolean);
    figures.push(figure(`time of a message by place, 100 B: ${name}${among.join('')}`, 'ns', measured));
  }
  return figures;
}

async function ofColdPages(stage) {
  const place = placer(stage.pages.bundles);
  const plan = stage.quick ? { warmUp: 1, rounds: 3 } : { warmUp: 2, rounds: 15 };
  const loads = await inRounds(COLD, plan, async (name) => {
    const samples = await first(stage, name, { watch: profiled });
    return timesBy(place, samples, 1);
  });
  return COLD.map((name) => figure(`time of the main thread of a cold page by place: ${name}`, 'ms', loads[name]));
}

/** The time that was spent at each place. */
function timesBy(place, samples, scale) {
  const times = {};
  for (const { frames, time } of samples) {
    if (frames[0].functionName === '(idle)') continue;
    const at = place(frames[0]);
    times[at] = (times[at] ?? 0) + time * scale;
  }
  return times;
}

function figure(title, unit, measured) {
  const places = [...new Set(measured.flatMap(Object.keys))];
  const sum = (times) => Object.values(times).reduce((all, time) => all + time, 0);
  const whole = measured.map(sum);
  const mean = (values) => values.reduce((all, value) => all + value, 0) / values.length;
  const shown = places
    .map((place) => [place, measured.map((times) => times[place] ?? 0)])
    .filter(([, values]) => mean(values) >= LEAST * mean(whole))
    .sort(([, one], [, other]) => mean(other) - mean(one));
  return { title, unit, relation: 'value', samples: { total: whole, ...Object.fromEntries(shown) } };
}

const amount = (count) => count.toLocaleString('en');
