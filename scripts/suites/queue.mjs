// Who runs when: jobs that use the whole machine by themselves run alone, others two at a time.

const SLOTS = 2;

/** The lanes of one run, in the order in which their jobs are taken: those of an earlier lane come first. */
export class Queue {
  #waiting = [];
  #free = SLOTS;
  #lanes = 0;

  lane() {
    const order = this.#lanes++;
    const enter = async (slots, job) => {
      await new Promise((resolve) => {
        this.#waiting.push({ order, slots, resolve });
        // Not before the lanes that are made in the same turn have had their say.
        queueMicrotask(() => this.#next());
      });
      try {
        return await job();
      } finally {
        this.#free += slots;
        this.#next();
      }
    };
    return {
      /** Runs a job while no other runs: a compiler, or tests that use all cores. Resolves with what the job does. */
      alone: (job) => enter(SLOTS, job),
      /** Runs a job beside one other: a browser, or a process of its own. */
      beside: (job) => enter(1, job),
    };
  }

  #next() {
    // A stable sort: jobs of one lane keep their order.
    this.#waiting.sort((a, b) => a.order - b.order);
    // A job that needs more slots than are free holds back those behind it, or its turn might never come.
    while (this.#waiting.length > 0 && this.#waiting[0].slots <= this.#free) {
      const { slots, resolve } = this.#waiting.shift();
      this.#free -= slots;
      resolve();
    }
  }
}
