// Rounds: each round measures every contender once, in a random order, so that disturbances of the machine affect all of them
// alike.

/** Returns for each name the list of the results of `measure(name)`. The first `warmUp` rounds do not count. */
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

/** Returns one field of the samples; `names` selects some of them. */
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
