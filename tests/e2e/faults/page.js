// What runs in the page: makes lines, and writes down what each of them tells, with the time.

import { Undrop } from '../../../dist/index.js';

const TYPES = ['open', 'drop', 'error', 'close', 'lost', 'message', 'statechange', 'mark'];
/** Of these the sequence has nothing: `mark` is the row's own. */
const ASIDE = ['message', 'statechange', 'mark'];
const PATIENCE = 30_000;

const lines = new Map();

const words = {
  drop: ({ cause, code, attempt }) => `drop ${cause} ${code} #${attempt}`,
  close: ({ code, wasClean }) => `close ${code}${wasClean ? ' clean' : ''}`,
  lost: ({ cause, data }) => `lost ${cause} ${data}`,
};

export const faults = {
  /**
   * Calls `make(Undrop, env)` for a line, and listens to it from its first event on. Functions come as text: those of a
   * WebDriver script are of another realm.
   */
  watch(id, make, env) {
    const at = (path) => `${env.url}${path}${path.includes('?') ? '&' : '?'}id=${id}`;
    const line = { socket: func(make)(Undrop, { ...env, at }), told: [], states: [], messages: [], waiters: new Set() };
    lines.set(id, line);
    for (const type of TYPES) line.socket.addEventListener(type, (event) => note(line, event));
  },

  /** Resolves when the line has told `count` times of `type`. */
  until(id, type, count = 1) {
    const line = lines.get(id);
    const find = () => line.told.filter((one) => one.type === type)[count - 1];
    return new Promise((resolve, reject) => {
      if (find()) return resolve(find());
      const waiter = () => {
        if (!find()) return;
        clearTimeout(timer);
        line.waiters.delete(waiter);
        resolve(find());
      };
      const timer = setTimeout(
        () => reject(new Error(`no ${type} number ${count} in ${PATIENCE} ms, but: ${sequence(line)}`)),
        PATIENCE,
      );
      line.waiters.add(waiter);
    });
  },

  /** Calls `use(socket, …more)`. */
  use: (id, use, ...more) => func(use)(lines.get(id).socket, ...more),

  report(id) {
    const line = lines.get(id);
    const { socket, states, messages } = line;
    const told = line.told.filter(({ type }) => !ASIDE.includes(type));
    return {
      events: sequence(line),
      told,
      states,
      messages,
      state: socket.state,
      stats: socket.stats,
      ...socketsOf(id),
    };
  },

  /** Ends the line; resolves when it has ended. */
  async end(id) {
    const { socket, told } = lines.get(id);
    if (socket.state !== 'closed') {
      socket.close();
      await faults.until(id, 'close', told.filter(({ type }) => type === 'close').length + 1);
    }
  },
};

function note(line, event) {
  const { type, cause, code, attempt, delay } = event;
  const { state } = line.socket;
  if (type === 'statechange') line.states.push(state);
  if (type === 'message') {
    // Of a flood the first will do.
    if (line.messages.length === 100) return;
    line.messages.push(event.data);
  }
  line.told.push({ type, text: words[type]?.(event) ?? type, at: Date.now(), state, cause, code, attempt, delay });
  for (const waiter of line.waiters) waiter();
}

const sequence = ({ told }) => told.filter(({ type }) => !ASIDE.includes(type)).map(({ text }) => text);

// biome-ignore lint/security/noGlobalEval: so that it is of this realm.
const func = (text) => globalThis.eval(`(${text})`);
