// The simulation of the protocol: connections with a queue, and the two ends of a session.

/** What cargo is told, to run those of its tests that have `filter` in their names. */
export const weather = (...filter) => [
  ...['test', '--release', '-p', 'undrop-proto', '--test', 'simulation'],
  ...filter,
  '--',
  '--nocapture',
];
