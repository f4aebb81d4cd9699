// Medians, quartiles, and what they allow to say.

/** The value below which that share of the values lies, between the two nearest where it falls between them. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

export const summary = (values) => ({
  low: quantile(values, 0.25),
  median: quantile(values, 0.5),
  high: quantile(values, 0.75),
});

/** How each value stands to the floor's of the same round. */
export const relate = {
  ratio: (values, floor) => values.map((value, round) => value / floor[round]),
  difference: (values, floor) => values.map((value, round) => value - floor[round]),
  value: (values) => values,
};

/** What the floor is to itself. A plain value is compared with nothing. */
const itself = {
  ratio: { low: 1, high: 1 },
  difference: { low: 0, high: 0 },
  value: { low: Number.NaN, high: Number.NaN },
};

/**
 * Whether the noise hides any difference to the floor: the quartiles reach into those of `control`, which is the floor
 * measured once more as if it were a contender.
 */
export const isEqual = ({ low, high }, relation, control = itself[relation]) =>
  low <= control.high && high >= control.low;

/** By the median; but what the noise could have made of a figure that meets the target is not `missed`. */
export function judge({ low, median, high, equal }, { least, most }) {
  const meets = (value) => (most === undefined ? value >= least : value <= most);
  if (meets(median)) return 'met';
  return equal || meets(low) || meets(high) ? 'in the noise' : 'missed';
}
