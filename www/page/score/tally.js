// Numbered messages, checked by who hears them: which came, which are missing, which came twice or late. The server has the
// same for what the page says (`tally.rs`).

export class Tally {
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

  /** All up to this number have been said before what just came, and all comes in order: what is not here by now is lost. */
  settle(said) {
    while (this.highest < said) this.#missing.add(++this.highest);
  }
}
