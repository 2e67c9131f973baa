/** Whether counts fit probabilities: Pearson's test, so that a sampler can be held to a distribution. */

interface Cell {
  expected: number;
  count: number;
}

/**
 * How far Pearson's statistic lies from its mean, in standard deviations of a normal law (Wilson and Hilferty 1931);
 * beyond 4 the counts do not fit. Outcomes that are expected less than five times are counted together.
 */
export function misfit(counts: readonly number[], probabilities: readonly number[]): number {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  const cells = probabilities.map((probability, outcome) => ({
    expected: probability * draws,
    count: counts[outcome] ?? 0,
  }));
  if (cells.some(({ expected, count }) => expected === 0 && count > 0)) return Infinity;
  const joined = joinRare(cells);
  const freedom = joined.length - 1;
  if (freedom < 1) return 0;
  const statistic = joined.reduce((sum, { expected, count }) => sum + (count - expected) ** 2 / expected, 0);
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}

/** Pearson's statistic follows its law only where every cell is expected at least about five times. */
function joinRare(cells: readonly Cell[]): Cell[] {
  const joined: Cell[] = [];
  for (const { expected, count } of [...cells].sort((a, b) => a.expected - b.expected)) {
    const last = joined.at(-1);
    if (last === undefined || last.expected >= 5) joined.push({ expected, count });
    else {
      last.expected += expected;
      last.count += count;
    }
  }
  return joined;
}
