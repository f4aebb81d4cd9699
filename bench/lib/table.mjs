// Makes of samples what they say, and prints it.

import { cpus, loadavg } from 'node:os';
import { CONTROL, FLOOR } from '../contenders/index.mjs';
import { isEqual, judge, relate, summary } from './statistics.mjs';

/** A figure as it goes into the table and the file. */
export function digest(row, figure) {
  const { title, unit, relation, samples, floor = FLOOR, control = CONTROL, skipped = {}, targets = {} } = figure;
  const related = (values) => summary(relate[relation](values, samples[floor]));
  const noise = relation !== 'value' && samples[control] ? related(samples[control]) : undefined;
  const measured = Object.entries(samples).map(([contender, values]) => {
    const found = related(values);
    const result = { ...found, equal: contender !== floor && isEqual(found, relation, noise) };
    const target = targets[contender];
    return {
      contender,
      ...result,
      rounds: values.length,
      ...(target && { target, verdict: judge(result, target) }),
    };
  });
  const own = samples[floor] && { name: floor, ...summary(samples[floor]) };
  return { row, title, unit, relation, floor: own, measured, skipped, samples };
}

export const head = () => line('contender', 'median', '', 'quartiles', 'target', '');

export function print({ title, unit, relation, floor, measured, skipped }) {
  console.log(`\n${title}${floor && relation !== 'value' ? `; ${floor.name}: ${figure(floor.median)} ${unit}` : ''}`);
  const shown = { ratio: (value) => `${value.toFixed(3)}x`, difference: signed(unit), value: plain(unit) }[relation];
  for (const { contender, low, median, high, rounds, equal, target, verdict } of measured) {
    if (contender === floor?.name && relation !== 'value') continue;
    const quartiles = rounds > 1 ? `${shown(low)} to ${shown(high)}` : '';
    const wanted = target && (target.most === undefined ? `>= ${target.least}` : `<= ${target.most}`);
    console.log(line(contender, shown(median), equal ? 'equal' : '', quartiles, wanted ?? '', verdict ?? ''));
  }
  for (const [contender, why] of Object.entries(skipped)) console.log(line(contender, '-', '', why, '', ''));
}

/** How busy this machine was with other things is a part of what it measured. */
export const load = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(2))
    .join(' ')} on ${cpus().length} CPUs`;

const plain = (unit) => (value) => `${figure(value)} ${unit}`;
const signed = (unit) => (value) => `${value < 0 ? '-' : '+'}${figure(Math.abs(value))} ${unit}`;
const figure = (value) => value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });

function line(contender, median, equal, quartiles, target, verdict) {
  return `  ${contender.padEnd(24)}${median.padStart(14)}  ${equal.padEnd(7)}${quartiles.padEnd(34)}${target.padEnd(10)}${verdict}`.trimEnd();
}
