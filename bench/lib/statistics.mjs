// Medians, quartiles, and verdicts on them.

/** The quantile of the values, interpolated between the two nearest values. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * The median, the quartiles, and `least` to `most`, the 95 % confidence interval of the median. More rounds make the interval
 * narrower, but not the quartiles.
 */
export const summary = (values) => ({
  low: quantile(values, 0.25),
  median: quantile(values, 0.5),
  high: quantile(values, 0.75),
  least: quantile(values, Math.max(0, 0.5 - margin(values.length))),
  most: quantile(values, Math.min(1, 0.5 + margin(values.length))),
});

/** Half the width of the interval, as a share of the values: the normal approximation of the binomial distribution. */
const margin = (count) => 0.98 / Math.sqrt(count);

/** Relates each value to the floor's of the same round. */
export const relate = {
  ratio: (values, floor) => values.map((value, round) => value / floor[round]),
  difference: (values, floor) => values.map((value, round) => value - floor[round]),
  value: (values) => values,
};

/** The relation of the floor to itself. A plain value is not related to the floor. */
const itself = {
  ratio: { least: 1, most: 1 },
  difference: { least: 0, most: 0 },
  value: { least: Number.NaN, most: Number.NaN },
};

/** Whether a difference to the floor is within the noise. `control`: the floor, measured once more as a contender. */
export const isEqual = ({ least, most }, relation, control = itself[relation]) =>
  least <= control.most && most >= control.least;

/** Judges by the median. A target within the interval, or a result that equals the floor, is not `missed`. */
export function judge(result, target) {
  const meets = (value) => (target.most === undefined ? value >= target.least : value <= target.most);
  if (meets(result.median)) return 'met';
  return result.equal || meets(result.least) || meets(result.most) ? 'in the noise' : 'missed';
}
