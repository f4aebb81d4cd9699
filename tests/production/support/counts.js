/** What became of the messages of several clients or rounds, together. */
export const sum = (tallies) =>
  Object.fromEntries(
    ['received', 'lost', 'duplicated', 'reordered'].map((name) => [
      name,
      tallies.reduce((total, each) => total + each[name], 0),
    ]),
  );
