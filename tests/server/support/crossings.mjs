// Counts the calls between JavaScript and the WebAssembly that is compiled from now on, in both directions.

export function countCrossings() {
  const { Instance } = WebAssembly;
  const calls = new Map();
  const counting = (functions) =>
    Object.fromEntries(
      Object.entries(functions).map(([name, value]) => {
        if (typeof value !== 'function') return [name, value];
        const counted = (...args) => {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          return value(...args);
        };
        return [name, counted];
      }),
    );
  WebAssembly.Instance = class {
    constructor(module, imports) {
      const counted = Object.entries(imports).map(([name, functions]) => [name, counting(functions)]);
      this.exports = counting(new Instance(module, Object.fromEntries(counted)).exports);
    }
  };
  /** How many calls there were whose name has this in it. */
  const count = (part = '') => [...calls].reduce((sum, [name, times]) => (name.includes(part) ? sum + times : sum), 0);
  return {
    /** Counts during this. */
    async of(work) {
      calls.clear();
      await work();
      return { all: count(), clock: count('_now_'), timers: count('setTimeout'), turns: count('setImmediate') };
    },
    restore() {
      WebAssembly.Instance = Instance;
    },
  };
}
