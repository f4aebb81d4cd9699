// Checks what an app passes, before the core has it: a mistake is told at once, with the option, its value and what it may be.

import { likeness } from '../../src/js/values.js';
import { wrong } from '../../src/messages/registry.js';
import { say } from './log.js';

/** What a value must be, in words, and whether it is that. */
export interface Check {
  readonly must: string;
  readonly fits: (value: unknown) => boolean;
}

/** The options of a group by their names: how each is checked, or the options of a group in it. */
export interface Checks {
  readonly [name: string]: Check | { readonly group: Checks };
}

export const text: Check = { must: 'a string', fits: (value) => typeof value === 'string' };
export const aFunction: Check = { must: 'a function', fits: (value) => typeof value === 'function' };
export const aBoolean: Check = { must: 'true or false', fits: (value) => typeof value === 'boolean' };
/** Checked by who has it. */
export const anything: Check = { must: 'anything', fits: () => true };

export const milliseconds: Check = {
  must: 'a number of milliseconds, from 0',
  fits: (value) => typeof value === 'number' && value >= 0,
};

export const wholeNumber = (least: number, most: number): Check => ({
  must: `a whole number from ${least} to ${most}`,
  fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});

export const oneOf = (...words: string[]): Check => ({
  must: words.map((word) => `'${word}'`).join(' or '),
  fits: (value) => words.includes(value as string),
});

export const listOf = (what: string, fits: (text: string) => boolean): Check => ({
  must: `an array of ${what}`,
  fits: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && fits(one)),
});

/** Whether a value is an object that has properties to read, and no array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws a `TypeError` unless the value is what it must be. */
export const check = (what: string, { must, fits }: Check, value: unknown): void => {
  if (!fits(value)) throw wrong(`${what} must be ${must}, not ${shown(value)}`);
};

/**
 * Throws a `TypeError` for the first option that can't be one, and warns of each that there is not. `what` is what the options
 * are together; an option that is undefined is not there.
 */
export const checkOptions = (what: string, checks: Checks, options: unknown, path = ''): void => {
  check(what, { must: 'an object', fits: isObject }, options);
  for (const [name, value] of Object.entries(options as object)) {
    const option = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!option) warnOf(path, name, Object.keys(checks));
    else if (value === undefined) continue;
    else if ('group' in option) checkOptions(path + name, option.group, value, `${path}${name}.`);
    else check(path + name, option, value);
  }
};

/** The options that were warned of. */
const warned = new Set<string>();

const warnOf = (path: string, name: string, names: string[]) => {
  if (warned.has(path + name)) return;
  warned.add(path + name);
  const score = (one: string) => likeness(name.toLowerCase(), one.toLowerCase());
  const nearest = names.sort((one, other) => score(other) - score(one)).slice(0, 3);
  say('warn', `there is no option ${path}${name}. Is it ${nearest.map((one) => path + one).join(', or ')}?`);
};

/** A value in an error: short, and told from its text. */
const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}...` : value);
  if (Array.isArray(value) && value.length <= 10 && value.every((one) => !isObject(one)))
    return `[${value.map(shown).join(', ')}]`;
  if (typeof value === 'function') return /^class\b/.test(String(value)) ? 'a class' : 'a function';
  return Object(value) === value ? `an object of ${nameOf(value as object)}` : String(value);
};

const nameOf = (value: object) => {
  const { name } = Object(value.constructor);
  return typeof name === 'string' && name ? name : 'no class';
};
