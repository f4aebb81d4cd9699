// The score: the page and the server say numbers to each other, each checks those of the other, and what a line has cost can be
// read off. It asks nothing of the kind of line, so a kind that loses nothing has nothing to be counted.

import { kinds } from '../lines/kinds.js';
import { Tally } from './tally.js';

/** So often a number is said, as in the server's `runs.rs`. */
const PACE = 100;
/** As many are remembered until they are answered. */
const UNANSWERED = 1_000;
/** A line that mends nothing and has not answered for so long is dead, as `undrop.js` has it. */
const SILENCE = 3_000;
/** A line that mends itself is back by then, and has said what waited for it, also if it was refused for a while. */
const PATIENCE = 15_000;

/** Fires `change`, and `trip` with the milliseconds until a number was answered. */
export class Score extends EventTarget {
  #connection;
  #room;
  /** The count that is going on. */
  #run;
  #timer;
  /** How each kind of line did, the last time. */
  results = new Map();

  constructor(connection, room) {
    super();
    this.#connection = connection;
    this.#room = room;
    room.addEventListener('joined', () => {
      if (this.#run && !this.#run.end) this.#attend(this.#run);
    });
    connection.addEventListener('switch', ({ detail: { line, keep } }) => this.#change(line, keep));
    connection.on('counted', (sum) => this.#take(sum));
    connection.on('number', ({ number }) => {
      this.#run?.heard.count(number);
      this.#show();
    });
  }

  get isRunning() {
    return this.#run !== undefined;
  }

  /** Counts over the present line, and over those of its kind that follow it; then over the next kind. */
  async start() {
    const previous = this.#run;
    const number = crypto.getRandomValues(new Uint32Array(1))[0];
    if (this.#connection.isOver) this.#connection.dial();
    await this.#room.joined();
    // It was stopped before there was a line.
    if (this.#run !== previous) return;
    this.#run = {
      kind: this.#connection.kind,
      number,
      sent: 0,
      refused: [],
      answered: 0,
      times: new Map(),
      server: nothing,
      said: 0,
      heard: new Tally(),
    };
    // On a dead line there is no answer, and what is said after it comes after it all the same.
    this.#attend(this.#run);
    const started = performance.now();
    this.#timer = setInterval(() => this.#say((performance.now() - started) / PACE), PACE);
    this.#show();
  }

  /** Ends the count; resolves when the server has said what it heard, or cannot be asked. */
  async stop() {
    const run = this.#run;
    if (!run) return;
    run.isLast = true;
    run.end ??= this.#settle(run, this.#connection.line);
    await run.end;
    this.#run = undefined;
    this.dispatchEvent(new Event('change'));
  }

  /** Another kind of line has a count of its own, which begins when this one is settled. */
  async #change(line, keep) {
    const run = this.#run;
    if (!run || run.end) return;
    run.end = this.#settle(run, line, keep);
    await run.end;
    if (!run.isLast) await this.start();
  }

  /** Settles a run. If the server cannot be asked in time, what is not known to have arrived is lost. */
  async #settle(run, line, keep = () => {}) {
    clearInterval(this.#timer);
    const { mends, keeps } = kinds[run.kind];
    const stood = keeps || line.state === 'open';
    const patience = mends ? PATIENCE : SILENCE;
    // Over the line itself the answer comes after all that was said before it.
    const answer = within(patience, () => line.request('score', { run: null }));
    keep(answer);
    let word = await answer;
    const isWhole = word && stood;
    word ??= await within(patience, (limit) => this.#askAnew(line, limit));
    // Both say numbers at the same pace, and what the server had to say without a line is lost.
    const said = isWhole ? word.said : Math.max(run.sent, run.heard.highest);
    this.#take({ heard: word?.heard ?? run.server, said });
    run.isSettled = true;
    this.#show();
  }

  /** Asks over the line that follows the one that did not answer. */
  async #askAnew(line, limit) {
    // A line that mends nothing is dialled by hand, and so it would be in life.
    if (line === this.#connection.line && (!this.#connection.mends || this.#connection.isOver)) this.#connection.dial();
    await this.#room.joined();
    // By now it might end the next count.
    if (!limit.aborted) return this.#connection.line.request('score', { run: null });
  }

  async #attend(run) {
    try {
      this.#take(await this.#connection.line.request('score', { run: run.number }));
    } catch {
      // The line went; the next one will ask.
    }
  }

  #say(due) {
    const run = this.#run;
    while (run.sent < Math.floor(due)) {
      const number = ++run.sent;
      try {
        // The browser's own class takes what it will never send, without a word.
        if (!this.#connection.mends && !this.#connection.isOpen) throw new Error('not open');
        this.#connection.line.emit('number', { number });
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
    run.said = said;
    run.heard.settle(said);
    const left = run.times.get(heard.highest);
    run.times.delete(heard.highest);
    if (left && !run.end && heard.highest > run.answered) {
      run.answered = heard.highest;
      this.dispatchEvent(new CustomEvent('trip', { detail: performance.now() - left }));
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

/** What comes of it in so many milliseconds; nothing if that is a failure, or not yet there. */
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
  const surely = server.lost + refused.filter((number) => number > server.highest).length;
  const waiting = isSettled ? 0 : sent - delivered - surely;
  return { sent, delivered, waiting, lost: sent - delivered - waiting, twice: server.twice, late: server.late };
}

function incoming({ said, heard }) {
  const sent = Math.max(said, heard.highest);
  const { delivered, lost, twice, late } = heard;
  return { sent, delivered, waiting: sent - delivered - lost, lost, twice, late };
}
