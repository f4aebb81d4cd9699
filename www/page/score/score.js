// The delivery test: the page and the server send numbers to each other, and each checks the numbers that it receives. It does
// not depend on the kind of socket.

import { kinds } from '../connections/kinds.js';
import { Sequence } from './sequence.js';

/** The interval of the numbers, as in the server's `runs.rs`. */
const PACE = 100;
/** The most numbers that are remembered until they are answered. */
const UNANSWERED = 1_000;
/** A plain connection that has not answered for so long is dead, as in the heartbeat of `undrop.js`. */
const PLAIN_TIMEOUT = 3_000;
/** A socket that reconnects has done so by then, also if it was refused for a while. */
const RECONNECT_TIMEOUT = 15_000;

/** Fires `change`, and `trip` with the milliseconds until a number was answered. */
export class Score extends EventTarget {
  #connection;
  #room;
  /** The present run. */
  #run;
  #timer;
  /** The results of the last run of each kind. */
  results = new Map();

  constructor(connection, room) {
    super();
    this.#connection = connection;
    this.#room = room;
    room.addEventListener('joined', () => {
      if (this.#run && !this.#run.end) this.#begin(this.#run);
    });
    connection.addEventListener('switch', ({ detail: { socket, keep } }) => this.#change(socket, keep));
    connection.on('counted', (sum) => this.#take(sum));
    connection.on('number', ({ number }) => {
      this.#run?.received.count(number);
      this.#show();
    });
  }

  get isRunning() {
    return this.#run !== undefined;
  }

  /** Begins a run over the present kind of socket. When another kind is chosen, a run over that one follows. */
  async start() {
    const previous = this.#run;
    const number = crypto.getRandomValues(new Uint32Array(1))[0];
    if (this.#connection.isClosed) this.#connection.connect();
    await this.#room.joined();
    // `stop` was called before the connection opened.
    if (this.#run !== previous) return;
    this.#run = {
      kind: this.#connection.kind,
      number,
      sent: 0,
      refused: [],
      answered: 0,
      times: new Map(),
      server: nothing,
      serverSent: 0,
      received: new Sequence(),
    };
    // The answer is not awaited, as a dead connection gives none. The server handles the numbers after the request anyway.
    this.#begin(this.#run);
    const started = performance.now();
    this.#timer = setInterval(() => this.#send((performance.now() - started) / PACE), PACE);
    this.#show();
  }

  /** Ends the run. Resolves when the server has said what it received, or cannot be asked. */
  async stop() {
    const run = this.#run;
    if (!run) return;
    run.isLast = true;
    run.end ??= this.#settle(run, this.#connection.socket);
    await run.end;
    this.#run = undefined;
    this.dispatchEvent(new Event('change'));
  }

  /** Begins a run over another kind of socket, once the run over this socket is settled. */
  async #change(socket, keep) {
    const run = this.#run;
    if (!run || run.end) return;
    run.end = this.#settle(run, socket, keep);
    await run.end;
    if (!run.isLast) await this.start();
  }

  /** Settles a run. If the server cannot be asked, messages that are not known to have arrived count as lost. */
  async #settle(run, socket, keep = () => {}) {
    clearInterval(this.#timer);
    const { reconnects, resumes } = kinds[run.kind];
    const wasCurrent = resumes || socket.state === 'open';
    const timeout = reconnects ? RECONNECT_TIMEOUT : PLAIN_TIMEOUT;
    // Over the same socket the answer arrives after all numbers that were sent before it. In a session the request is answered
    // or fails, however long that takes. Who does not wait for it asks about a run that the first request has ended.
    const ask = () => socket.request('score', { run: null });
    const answer = resumes ? ask().catch(() => undefined) : within(timeout, ask);
    keep(answer);
    let result = await answer;
    const isComplete = result && wasCurrent;
    result ??= await within(timeout, (limit) => this.#askAgain(socket, limit));
    // Both send numbers at the same pace, and those that the server sent without a connection are lost.
    const said = isComplete ? result.said : Math.max(run.sent, run.received.highest);
    this.#take({ heard: result?.heard ?? run.server, said });
    run.isSettled = true;
    this.#show();
  }

  /** Asks over the connection that follows the one that did not answer. */
  async #askAgain(socket, limit) {
    const { socket: present, reconnects, isClosed } = this.#connection;
    // A plain socket is replaced by hand, as its user would do.
    if (socket === present && (!reconnects || isClosed)) this.#connection.connect();
    await this.#room.joined();
    // A late request would end the next run.
    if (!limit.aborted) return this.#connection.socket.request('score', { run: null });
  }

  async #begin(run) {
    try {
      this.#take(await this.#connection.socket.request('score', { run: run.number }));
    } catch {
      // After a lost connection the request is repeated on `joined`.
    }
  }

  #send(due) {
    const run = this.#run;
    while (run.sent < Math.floor(due)) {
      const number = ++run.sent;
      try {
        // A closed WebSocket discards messages without an error.
        if (!this.#connection.reconnects && !this.#connection.isOpen) throw new Error('not open');
        this.#connection.socket.emit('number', { number });
        run.times.set(number, performance.now());
        if (run.times.size > UNANSWERED) run.times.delete(run.times.keys().next().value);
      } catch {
        run.refused.push(number);
      }
    }
    this.#show();
  }

  #take({ heard, said }) {
    const run = this.#run;
    if (!run || !heard) return;
    run.server = heard;
    run.serverSent = said;
    run.received.settle(said);
    const sentAt = run.times.get(heard.highest);
    run.times.delete(heard.highest);
    if (sentAt && !run.end && heard.highest > run.answered) {
      run.answered = heard.highest;
      this.dispatchEvent(new CustomEvent('trip', { detail: performance.now() - sentAt }));
    }
    this.#show();
  }

  #show() {
    const run = this.#run;
    if (!run) return;
    this.results.set(run.kind, { out: outgoing(run), into: incoming(run) });
    this.dispatchEvent(new Event('change'));
  }
}

/** Resolves with the answer, or with `undefined` if it fails or takes longer than so many milliseconds. */
async function within(time, ask) {
  const limit = AbortSignal.timeout(time);
  const late = new Promise((resolve) => limit.addEventListener('abort', () => resolve(undefined)));
  try {
    return (await Promise.race([ask(limit), late])) ?? undefined;
  } catch {
    return undefined;
  }
}

const nothing = { highest: 0, lost: 0, twice: 0, late: 0 };

function outgoing({ sent, refused, server, isSettled }) {
  const delivered = server.highest - server.lost;
  const certainlyLost = server.lost + refused.filter((number) => number > server.highest).length;
  const waiting = isSettled ? 0 : sent - delivered - certainlyLost;
  return { sent, delivered, waiting, lost: sent - delivered - waiting, twice: server.twice, late: server.late };
}

function incoming({ serverSent, received }) {
  const sent = Math.max(serverSent, received.highest);
  const { delivered, lost, twice, late } = received;
  return { sent, delivered, waiting: sent - delivered - lost, lost, twice, late };
}
