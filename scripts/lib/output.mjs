// Where output goes: to the terminal, or, of what runs beside other things, into a text that is printed when it has ended.

import { AsyncLocalStorage } from 'node:async_hooks';

const redirection = new AsyncLocalStorage();
const terminal = (text) => process.stdout.write(text);

/** Calls `work`; what it and the programs it runs print goes to `write`. */
export const redirect = (write, work) => redirection.run(write, work);

export const isRedirected = () => redirection.getStore() !== undefined;

/** The function that writes the caller's output. A callback outside of the caller's async context needs it. */
export const output = () => redirection.getStore() ?? terminal;

export const print = (line) => void output()(`${line}\n`);
