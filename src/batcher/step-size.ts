/** What a step has computed, in numbers: rows, rounds, new tokens, and those with padding. */
import type { Step, StepResult } from '../models/decoder/step.js';
import type { StepEvent } from './events.js';

export function stepSize(
  { work }: Step,
  { tokens: sampled, rounds }: StepResult,
): Pick<StepEvent, 'kind' | 'rows' | 'rounds' | 'tokens' | 'paddedTokens'> {
  if (work.kind === 'decode') {
    const tokens = sampled.reduce((sum, { length }) => sum + length, 0);
    return { kind: 'decode', rows: work.rows, rounds, tokens, paddedTokens: tokens };
  }
  const lengths = work.chunks.map(({ ids }) => ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  return { kind: 'prefill', rows: lengths.length, rounds, tokens, paddedTokens: lengths.length * Math.max(...lengths) };
}
