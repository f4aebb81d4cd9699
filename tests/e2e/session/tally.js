/** What became of the numbers from 1 to `sent`, by those that arrived, in their order. */
export function tally(arrived, sent) {
  const seen = new Set();
  let [duplicated, reordered, last] = [0, 0, 0];
  for (const number of arrived) {
    if (seen.has(number)) duplicated++;
    else if (number < last) reordered++;
    seen.add(number);
    last = Math.max(last, number);
  }
  return { received: seen.size, lost: sent - seen.size, duplicated, reordered };
}
