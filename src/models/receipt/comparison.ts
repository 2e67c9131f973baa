/** Two models' logits for the same tokens: how likely each held the true next token, and how far apart they are. */

/** Sums over predictions; add two with `addComparisons`, read them with `summarise`. */
export interface Comparison {
  readonly predictions: number;
  /** -ln p(true token), in nats, summed. */
  readonly referenceLoss: number;
  readonly modelLoss: number;
  /** (model's loss - reference's loss)^2, summed. */
  readonly squaredChange: number;
  /** Kullback-Leibler divergence of the model's distribution from the reference's, in nats, summed. */
  readonly divergence: number;
  /** Predictions whose most likely token is the same. */
  readonly agreed: number;
  /** Of absolute differences of logits. */
  readonly largest: number;
  readonly total: number;
  /** Logits that were compared. */
  readonly logits: number;
}

export interface LogitsPair {
  /** [targets, vocab] */
  readonly reference: Float32Array;
  /** [targets, vocab] */
  readonly model: Float32Array;
  /** The true token of each position. */
  readonly targets: readonly number[];
}

export const nothingCompared: Comparison = {
  predictions: 0,
  referenceLoss: 0,
  modelLoss: 0,
  squaredChange: 0,
  divergence: 0,
  agreed: 0,
  largest: 0,
  total: 0,
  logits: 0,
};

/** Ties between most likely tokens go to the lower id, in both models. */
export function compareLogits({ reference, model, targets }: LogitsPair): Comparison {
  const vocab = targets.length === 0 ? 0 : reference.length / targets.length;
  let sums = nothingCompared;
  targets.forEach((target, position) => {
    const a = reference.subarray(position * vocab, (position + 1) * vocab);
    const b = model.subarray(position * vocab, (position + 1) * vocab);
    const best = [argmax(a), argmax(b)] as const;
    const { logTotal, meanDifference } = weigh(a, b, a[best[0]]!);
    const modelLogTotal = weigh(b, a, b[best[1]]!).logTotal;
    const referenceLoss = logTotal - a[target]!;
    const modelLoss = modelLogTotal - b[target]!;
    sums = addComparisons(sums, {
      predictions: 1,
      referenceLoss,
      modelLoss,
      squaredChange: (modelLoss - referenceLoss) ** 2,
      divergence: modelLogTotal - logTotal + meanDifference,
      agreed: best[0] === best[1] ? 1 : 0,
      ...distance(a, b),
    });
  });
  return sums;
}

export function addComparisons(a: Comparison, b: Comparison): Comparison {
  return {
    predictions: a.predictions + b.predictions,
    referenceLoss: a.referenceLoss + b.referenceLoss,
    modelLoss: a.modelLoss + b.modelLoss,
    squaredChange: a.squaredChange + b.squaredChange,
    divergence: a.divergence + b.divergence,
    agreed: a.agreed + b.agreed,
    largest: Math.max(a.largest, b.largest),
    total: a.total + b.total,
    logits: a.logits + b.logits,
  };
}

/**
 * Perplexity is exp(mean loss). The change is exp of the mean difference, minus one; its standard error is that of the
 * mean difference, to first order. Both losses are of the same tokens, so most of what makes a perplexity uncertain
 * cancels in it. The divergence is what the change is on average on text that the reference writes itself; it needs no
 * true tokens, so less of it is chance.
 */
export function summarise(sums: Comparison) {
  const { predictions: n } = sums;
  const change = (sums.modelLoss - sums.referenceLoss) / n;
  const variance = Math.max(0, sums.squaredChange / n - change ** 2);
  return {
    perplexity: {
      reference: Math.exp(sums.referenceLoss / n),
      model: Math.exp(sums.modelLoss / n),
      change: Math.expm1(change),
      error: Math.exp(change) * Math.sqrt(variance / n),
    },
    divergence: Math.max(0, sums.divergence / n),
    agreement: sums.agreed / n,
    logits: { largest: sums.largest, mean: sums.total / sums.logits },
  };
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** ln of the sum of exp(logits), and the mean of logits - others under softmax(logits); in double precision. */
function weigh(
  logits: Float32Array,
  others: Float32Array,
  max: number,
): { readonly logTotal: number; readonly meanDifference: number } {
  let total = 0;
  let difference = 0;
  for (let i = 0; i < logits.length; i++) {
    const weight = Math.exp(logits[i]! - max);
    total += weight;
    difference += weight * (logits[i]! - others[i]!);
  }
  return { logTotal: Math.log(total) + max, meanDifference: difference / total };
}

function distance(a: Float32Array, b: Float32Array): Pick<Comparison, 'largest' | 'total' | 'logits'> {
  let largest = 0;
  let total = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    total += difference;
    if (difference > largest) largest = difference;
  }
  return { largest, total, logits: a.length };
}
