// What runs in the page: makes sockets, and records the events of each, with the time.

import { Undrop } from '../../../dist/index.js';

const TYPES = ['open', 'drop', 'error', 'close', 'lost', 'message', 'statechange', 'mark'];
/** The list of events leaves these out. A row dispatches `mark` itself. */
const UNLISTED = ['message', 'statechange', 'mark'];
const TIMEOUT = 30_000;

const records = new Map();

const words = {
  drop: ({ cause, code, attempt }) => `drop ${cause} ${code} #${attempt}`,
  close: ({ code, wasClean }) => `close ${code}${wasClean ? ' clean' : ''}`,
  lost: ({ cause, data }) => `lost ${cause} ${data}`,
};

export const faults = {
  /**
   * Calls `make(Undrop, env)` for a socket, and records its events from the first one on. Functions come as text: those
   * of a WebDriver script are of another realm.
   */
  watch(id, make, env) {
    const at = (path) => `${env.url}${path}${path.includes('?') ? '&' : '?'}id=${id}`;
    const socket = func(make)(Undrop, { ...env, at });
    const record = { socket, fired: [], states: [], messages: [], waiters: new Set() };
    records.set(id, record);
    for (const type of TYPES) socket.addEventListener(type, (event) => add(record, event));
  },

  /** Resolves when the socket has fired `count` events of the type. */
  until(id, type, count = 1) {
    const record = records.get(id);
    const find = () => record.fired.filter((one) => one.type === type)[count - 1];
    return new Promise((resolve, reject) => {
      if (find()) return resolve(find());
      const waiter = () => {
        if (!find()) return;
        clearTimeout(timer);
        record.waiters.delete(waiter);
        resolve(find());
      };
      const timer = setTimeout(
        () => reject(new Error(`no ${type} number ${count} in ${TIMEOUT} ms, but: ${eventsOf(record)}`)),
        TIMEOUT,
      );
      record.waiters.add(waiter);
    });
  },

  /** Calls `use(socket, …more)`. */
  use: (id, use, ...more) => func(use)(records.get(id).socket, ...more),

  report(id) {
    const record = records.get(id);
    const { socket, states, messages } = record;
    const fired = record.fired.filter(({ type }) => !UNLISTED.includes(type));
    return {
      events: eventsOf(record),
      fired,
      states,
      messages,
      state: socket.state,
      stats: socket.stats,
      ...socketsOf(id),
    };
  },

  /** Closes the socket; resolves when it is closed. */
  async end(id) {
    const { socket, fired } = records.get(id);
    if (socket.state !== 'closed') {
      socket.close();
      await faults.until(id, 'close', fired.filter(({ type }) => type === 'close').length + 1);
    }
  },
};

function add(record, event) {
  const { type, cause, code, attempt, delay } = event;
  const { state } = record.socket;
  if (type === 'statechange') record.states.push(state);
  if (type === 'message') {
    // The first of a flood are enough.
    if (record.messages.length === 100) return;
    record.messages.push(event.data);
  }
  record.fired.push({ type, text: words[type]?.(event) ?? type, at: Date.now(), state, cause, code, attempt, delay });
  for (const waiter of record.waiters) waiter();
}

const eventsOf = ({ fired }) => fired.filter(({ type }) => !UNLISTED.includes(type)).map(({ text }) => text);

// biome-ignore lint/security/noGlobalEval: so that it is of this realm.
const func = (text) => globalThis.eval(`(${text})`);
