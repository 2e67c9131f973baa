/** How likely the model itself thinks a token: before penalties, bias and temperature. */
import type { WeighRow } from './weigher.js';

/**
 * The natural logarithm of the softmax of a row's logits [vocab], by token. To be called before the logits are
 * changed: they are copied, and weighed once. `-Infinity` where the model rules a token out or its logits are no numbers.
 */
export async function logProbabilities(logits: Float32Array, weigh: WeighRow): Promise<(token: number) => number> {
  const raw = logits.slice();
  let max = -Infinity;
  for (let token = 0; token < raw.length; token++) if (raw[token]! > max) max = raw[token]!;
  // The weights are exp(logit - max).
  const normaliser = max + Math.log((await weigh({ logits: raw, temperature: 1 })).total);
  return (token) => {
    const value = raw[token]! - normaliser;
    return Number.isNaN(value) ? -Infinity : value;
  };
}
