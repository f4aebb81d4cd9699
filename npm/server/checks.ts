// What apps pass by mistake, and the errors that tell them so.

import { say } from './log.js';

/** A value as an error shows it. */
const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return `an object of ${value.constructor?.name ?? 'no class'}`;
  return typeof value === 'function' ? 'a function' : String(value);
};

/** Throws unless this argument is what it has to be. */
export const expect = (is: boolean, argument: string, expected: string, value: unknown): void => {
  if (!is) throw new TypeError(`Undrop: ${argument} is ${expected}, not ${shown(value)}`);
};

export const expectText = (argument: string, value: unknown, expected = 'a text'): void =>
  expect(typeof value === 'string', argument, expected, value);

export const expectObject = (argument: string, value: unknown): void =>
  expect(typeof value === 'object' && value !== null, argument, 'an object', value);

/** Warns of options that there are not: a typing error would otherwise go unnoticed. */
export const warnOfUnknown = (of: string, options: object, known: readonly string[]): void => {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  for (const name of unknown) say('warn', `${of} has no option ${name}; there are ${known.join(', ')}`);
};
