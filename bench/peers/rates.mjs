/** From the times of tokens to what is compared: tokens/s of decode and prefill, and the time to the first token. */

/** Steps over which a pace is taken: servers may hand out the tokens of several steps at once. */
const span = 8;

/**
 * `times`: for each row the milliseconds, from when all were submitted, at which each of its tokens came. Decode looks at
 * the tokens between the moment when the last row has its first token and the moment when the first row ends, so all rows
 * take part, and takes the median pace of any eight steps in a row, so that a pause of the machine does not count.
 */
export function ratesOf(times, prompt) {
  const rows = times.length;
  const begin = Math.max(...times.map((row) => row[0]));
  const end = Math.min(...times.map((row) => row.at(-1)));
  const tokens = times
    .flat()
    .filter((time) => time > begin && time <= end)
    .sort((a, b) => a - b);
  const paces = tokens.slice(span * rows).map((time, index) => (time - tokens[index]) / span);
  return {
    firstTokenMs: begin,
    prefill: (1000 * rows * prompt) / begin,
    decode: paces.length === 0 ? null : (1000 * rows) / median(paces),
  };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Nearest rank; `share` between 0 and 1. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
