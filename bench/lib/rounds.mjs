// Rounds: each measures every contender once, in an order that is new in each round, so that what disturbs the machine
// disturbs all of them alike.

/** Gives for each name the list of what `measure(name)` gave. The first `warmUp` rounds do not count. */
export async function inRounds(names, { warmUp, rounds }, measure) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of shuffled(names)) {
      const sample = await measure(name);
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** One field of the samples, of these alone if they are named. */
export const pick = (samples, field, names = Object.keys(samples)) =>
  Object.fromEntries(
    names.filter((name) => name in samples).map((name) => [name, samples[name].map((sample) => sample[field])]),
  );

function shuffled(list) {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}
