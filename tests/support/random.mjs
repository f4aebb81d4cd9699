// Random numbers from a seed, in pages and in Node: the same seed makes the same numbers.

/** Returns a function `(below) => number`, evenly distributed from 0 to `below - 1`. Mulberry32: any seed will do, 0 too. */
export function chance(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
