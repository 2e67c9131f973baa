/** What a score is worth: areas, false alarms, recall; of scores with labels of 1 and 0. */

/** Area under precision over recall (average precision); equal scores count as one step. */
export function averagePrecision(scored) {
  const sorted = [...scored].sort((a, b) => b.score - a.score);
  const positives = sorted.filter(({ label }) => label === 1).length;
  let hits = 0;
  let area = 0;
  for (let at = 0; at < sorted.length; ) {
    const from = hits;
    const { score } = sorted[at];
    for (; at < sorted.length && sorted[at].score === score; at++) hits += sorted[at].label;
    area += ((hits - from) / positives) * (hits / at);
  }
  return area;
}

/** Share of the texts of this label whose score reaches the threshold. */
export function share(scored, label, threshold) {
  const some = scored.filter((one) => one.label === label);
  return some.filter(({ score }) => score >= threshold).length / some.length;
}

/** The lowest threshold that at most this share of the negatives reaches. */
export function thresholdAt(scored, rate) {
  const negatives = scored.filter(({ label }) => label === 0).map(({ score }) => score);
  negatives.sort((a, b) => b - a);
  const next = negatives[Math.floor(rate * negatives.length)] ?? 0;
  return next + 1e-6;
}

export const recallAt = (scored, rate) => share(scored, 1, thresholdAt(scored, rate));
