// Clients of the package, in Node or in a page. Each sends numbers to `/count` of undrop-server's example `echo`, and gets a
// numbered receipt for each.

import { tally } from '../../e2e/session/tally.js';
import { sum } from './counts.js';

/** Milliseconds between two numbers of a client. */
const PACE = 500;
/** How many receipts each client gets in a phase, at least. */
const RECEIPTS = 3;

class Client {
  sent = 0;
  /** What arrived here, and by its receipts what arrived there, in order. */
  here = [];
  there = [];
  /** How long it was away in this phase, in milliseconds. */
  aways = [];
  /** Where this phase began. */
  #began = { here: 0, there: 0 };
  #droppedAt;
  #last;

  constructor(Undrop, url, fail) {
    this.socket = new Undrop(url, [], { resume: true });
    this.socket.onopen = this.socket.onresume = () => this.#isBack();
    this.socket.ondrop = () => {
      this.#droppedAt ??= performance.now();
    };
    this.socket.onlost = ({ cause }) => fail(`a message came back: ${cause}`);
    this.socket.onclose = ({ code, reason }) => fail(`closed with ${code} ${reason}`);
    this.#last = new Promise((resolve) => {
      this.socket.onmessage = ({ data }) => {
        const [number, kind, text] = data.split(' ');
        this.here.push(Number(number));
        if (kind === '<') this.there.push(Number(text));
        else resolve(Number(number));
      };
    });
    this.timer = setInterval(() => this.socket.send(`${++this.sent}`), PACE);
  }

  #isBack() {
    if (this.#droppedAt !== undefined) this.aways.push(performance.now() - this.#droppedAt);
    this.#droppedAt = undefined;
  }

  begin() {
    this.aways = [];
    this.#began = { here: this.here.length, there: this.there.length };
  }

  /** Whether it has a connection, and has heard of what it sent. */
  get isSettled() {
    return this.socket.state === 'open' && this.there.length >= this.#began.there + RECEIPTS;
  }

  /** What became of what arrived in this phase, both ways. */
  tally() {
    return ['here', 'there'].map((way) => {
      const arrived = this[way].slice(this.#began[way]);
      const before = this.#began[way] && this[way][this.#began[way] - 1];
      return tally(
        arrived.map((number) => number - before),
        Math.max(before, ...arrived) - before,
      );
    });
  }

  /** What became of all that was sent, both ways. */
  async end() {
    clearInterval(this.timer);
    await this.socket.deliver('end');
    const sentHere = await this.#last;
    this.socket.onclose = null;
    this.socket.close();
    return [tally(this.here, sentHere), tally(this.there, this.sent)];
  }
}

/** So many clients. Returns a function that does what a word says; it fails as well if one of them has met what it never should. */
export function gather(Undrop, url, count) {
  let fail;
  const failed = new Promise((_, reject) => {
    fail = (what) => reject(new Error(what));
  });
  const clients = Array.from({ length: count }, () => new Client(Undrop, url, fail));

  async function until(condition) {
    while (!clients.every(condition)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const commands = {
    /** Begins a phase. */
    begin() {
      for (const client of clients) client.begin();
    },
    /** Waits until each client was away in this phase, and is back. */
    back: () => until(({ aways }) => aways.length > 0),
    /** Waits until all clients have a connection and go on. */
    settle: () => until(({ isSettled }) => isSettled),
    /** How long clients were away in this phase, and what became of what they and the nodes sent. */
    report: () => ({
      aways: clients.flatMap(({ aways }) => aways),
      ...sum(clients.flatMap((client) => client.tally())),
    }),
    /** Ends all, and tells what became of all that was sent. */
    end: async () => sum((await Promise.all(clients.map((client) => client.end()))).flat()),
  };
  return async (command) => (await Promise.race([failed, commands[command]()])) ?? null;
}
