// Medians, quartiles, and what they allow to say.

/** The value below which that share of the values lies, between the two nearest where it falls between them. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * The median and the quartiles; and between `least` and `most` the median would be in 95 of 100 such runs, which is what
 * more rounds make narrower, as they don't the quartiles.
 */
export const summary = (values) => ({
  low: quantile(values, 0.25),
  median: quantile(values, 0.5),
  high: quantile(values, 0.75),
  least: quantile(values, Math.max(0, 0.5 - doubt(values.length))),
  most: quantile(values, Math.min(1, 0.5 + doubt(values.length))),
});

/** How many of so many values are on one side of the true median is binomial, and about normal. */
const doubt = (count) => 0.98 / Math.sqrt(count);

/** How each value stands to the floor's of the same round. */
export const relate = {
  ratio: (values, floor) => values.map((value, round) => value / floor[round]),
  difference: (values, floor) => values.map((value, round) => value - floor[round]),
  value: (values) => values,
};

/** What the floor is to itself. A plain value is compared with nothing. */
const itself = {
  ratio: { least: 1, most: 1 },
  difference: { least: 0, most: 0 },
  value: { least: Number.NaN, most: Number.NaN },
};

/** Whether the noise hides any difference to the floor. `control` is the floor measured once more, as if it were a contender. */
export const isEqual = ({ least, most }, relation, control = itself[relation]) =>
  least <= control.most && most >= control.least;

/** By the median; but what the noise could have made of a figure that meets the target is not `missed`. */
export function judge(result, target) {
  const meets = (value) => (target.most === undefined ? value >= target.least : value <= target.most);
  if (meets(result.median)) return 'met';
  return result.equal || meets(result.least) || meets(result.most) ? 'in the noise' : 'missed';
}
