// The simulated bad weather: the core alone, and the two ends of a session.

/** What cargo is told, to run those of its tests that have `filter` in their names. */
export const weather = (...filter) => [
  ...['test', '--release', '-p', 'undrop', '--test', 'simulation', '--test', 'session'],
  ...filter,
  '--',
  '--nocapture',
];
