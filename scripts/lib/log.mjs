// Tells the person at the terminal what happens, why, and how long it took.

import { isRedirected, print } from './output.mjs';

const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

export const secondsSince = (start) => (performance.now() - start) / 1000;
export const seconds = (start) => `${secondsSince(start).toFixed(1)} s`;

/** Runs one step. `work` may return a few words on the outcome, such as the version it found. */
export async function step(what, why, work) {
  const start = performance.now();
  print(`${bold(what)} ${dim(`- ${why}`)}`);
  try {
    const outcome = (await work()) ?? 'done';
    print(`  ${green('✓')} ${outcome} ${dim(`(${seconds(start)})`)}`);
  } catch (error) {
    print(`  ${red('✗')} ${dim(`after ${seconds(start)}`)}`);
    throw error;
  }
}

export const heading = (text) => print(`\n${bold(`━━ ${text} ${'━'.repeat(Math.max(0, 74 - text.length))}`)}`);

/** An error that says all there is to say to a person: no stack is printed for it. */
export class Failure extends Error {
  name = 'Failure';
}

export function report(error) {
  const text = red(error instanceof Failure ? error.message : (error.stack ?? error));
  if (isRedirected()) print(text);
  else console.error(text);
}

/** The frame of every command: errors end it with exit code 1 and a message. */
export async function main(command) {
  try {
    await command(process.argv.slice(2));
  } catch (error) {
    report(error);
    process.exitCode = 1;
  }
}
