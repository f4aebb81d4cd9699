// What the server has to say.

/** What the server has to say. `level` is `error`, `warn` or `info`. */
export type Log = (level: 'error' | 'warn' | 'info', line: string) => void;

let log: Log = (level, line) => {
  if (level !== 'info') console[level](`undrop: ${line}`);
};

/** Has what the server says told to a function, in place of the console, which is told warnings and errors. */
export const setLog = (function_: Log) => {
  log = function_;
};

export const say: Log = (level, line) => {
  // What the app's function throws must not end a session.
  try {
    log(level, line);
  } catch (error) {
    console.error(error);
  }
};

/** What was thrown, with where in the app: what of this package has called the app says nothing. */
export const describe = (error: unknown): string => {
  try {
    if (!(error instanceof Error)) return String(error);
    const lines = (error.stack ?? error.message).split('\n');
    const own = lines.findIndex((line) => /^\s+at .*wasm-function/.test(line));
    return (own < 0 ? lines : lines.slice(0, own)).join('\n');
  } catch {
    // Such as an object without a prototype.
    return 'a value that has no text';
  }
};
