/** What a step costs, fitted to steps that were timed: `npm run bench:step-costs` on the shape of Qwen2.5-0.5B. */
import type { Step } from '#octavo/models/decoder/step.js';

/** Milliseconds; `thousandPairs`: attention of 1,000 tokens to one token each. */
const prefill = { step: 9.2, paddedToken: 1.307, thousandPairs: 0.602 };
const decode = { step: 17.4, row: 1.98, thousandCached: 3.13 };

/** `cachedTokens`: of all rows, after the step. */
export function stepMilliseconds({ work }: Step, cachedTokens: number): number {
  if (work.kind === 'decode') {
    return work.rounds * (decode.step + decode.row * work.rows + (decode.thousandCached * cachedTokens) / 1000);
  }
  const length = Math.max(...work.chunks.map(({ ids }) => ids.length));
  const padded = length * work.chunks.length;
  const past = work.chunks[0]?.past ?? 0;
  return prefill.step + prefill.paddedToken * padded + (prefill.thousandPairs * padded * (past + length / 2)) / 1000;
}
