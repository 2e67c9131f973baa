/** What a step computes, in numbers: rows, new tokens, and those with padding. */
import type { Step } from '../models/decoder/step.js';
import type { StepEvent } from './events.js';

export function stepSize({ work }: Step): Pick<StepEvent, 'kind' | 'rows' | 'tokens' | 'paddedTokens'> {
  if (work.kind === 'decode') return { kind: 'decode', rows: work.rows, tokens: work.rows, paddedTokens: work.rows };
  const lengths = work.chunks.map(({ ids }) => ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  return { kind: 'prefill', rows: lengths.length, tokens, paddedTokens: lengths.length * Math.max(...lengths) };
}
