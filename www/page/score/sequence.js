// Checks a sequence of numbered messages on the receiving side: which arrived, which are missing, which arrived twice or late.
// The server does the same with the numbers of the page (`sequence.rs`).

export class Sequence {
  #missing = new Set();
  highest = 0;
  twice = 0;
  late = 0;

  get lost() {
    return this.#missing.size;
  }

  get delivered() {
    return this.highest - this.lost;
  }

  /** Counts a number, from 1. */
  count(number) {
    if (number > this.highest) {
      this.settle(number - 1);
      this.highest = number;
    } else if (this.#missing.delete(number)) {
      this.late++;
    } else {
      this.twice++;
    }
  }

  /** All numbers up to this one were sent before, and messages arrive in order: those that have not arrived are lost. */
  settle(sent) {
    while (this.highest < sent) this.#missing.add(++this.highest);
  }
}
