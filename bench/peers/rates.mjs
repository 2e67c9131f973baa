/** From the times of tokens to what is compared: tokens/s of decode and prefill, and the time to the first token. */

/**
 * `times`: for each row the milliseconds, from when all were submitted, at which each of its tokens came. Decode counts
 * the tokens between the moment when the last row has its first token and the moment when the first row ends, so all
 * rows take part. A mean, not a median of gaps: servers hand out the tokens of several steps at once.
 */
export function ratesOf(times, prompt) {
  const begin = Math.max(...times.map((row) => row[0]));
  const end = Math.min(...times.map((row) => row.at(-1)));
  const tokens = times.flat().filter((time) => time > begin && time <= end).length;
  return {
    firstTokenMs: begin,
    prefill: (1000 * times.length * prompt) / begin,
    // A handful of tokens says nothing of the pace.
    decode: tokens < 8 * times.length ? null : (1000 * tokens) / (end - begin),
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
