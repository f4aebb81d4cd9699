// Makes figures of samples, and prints them as a table.

import { cpus, loadavg } from 'node:os';
import { CONTROL, FLOOR } from '../contenders/index.mjs';
import { isEqual, judge, relate, summary } from './statistics.mjs';

/** Returns a figure as it is in the table and in the file. */
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

export function print(digested) {
  console.log(`\n${titleOf(digested)}`);
  for (const cells of linesOf(digested)) console.log(line(...cells));
}

/** The title, and the floor's own median. */
export const titleOf = ({ title, unit, relation, floor }) =>
  floor && relation !== 'value' ? `${title}; ${floor.name}: ${figure(floor.median)} ${unit}` : title;

/** For each contender its name, median, `equal` or nothing, quartiles, target and verdict. */
export function linesOf({ unit, relation, floor, measured, skipped }) {
  const shown = { ratio: (value) => `${value.toFixed(3)}x`, difference: signed(unit), value: plain(unit) }[relation];
  const compared = measured.filter(({ contender }) => relation === 'value' || contender !== floor?.name);
  const lines = compared.map(({ contender, low, median, high, rounds, equal, target, verdict }) => [
    contender,
    shown(median),
    equal ? 'equal' : '',
    rounds > 1 ? `${shown(low)} to ${shown(high)}` : '',
    target ? (target.most === undefined ? `>= ${target.least}` : `<= ${target.most}`) : '',
    verdict ?? '',
  ]);
  return [...lines, ...Object.entries(skipped).map(([contender, why]) => [contender, '-', '', why, '', ''])];
}

/** The load of the machine, which affects every measurement. */
export const load = (of = loadavg()) => `load ${of.map((one) => one.toFixed(2)).join(' ')} on ${cpus().length} CPUs`;

const plain = (unit) => (value) => `${figure(value)} ${unit}`;
const signed = (unit) => (value) => `${value < 0 ? '-' : '+'}${figure(Math.abs(value))} ${unit}`;
const figure = (value) => value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });

function line(contender, median, equal, quartiles, target, verdict) {
  return `  ${contender.padEnd(24)}${median.padStart(14)}  ${equal.padEnd(7)}${quartiles.padEnd(34)}${target.padEnd(10)}${verdict}`.trimEnd();
}
