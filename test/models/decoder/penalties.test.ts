/** Bias, penalties and the minimum length change exactly the logits they name. */
import { expect, test } from 'vitest';
import { adjustLogits } from '#octavo/models/decoder/penalties.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import { TokenHistory } from '#octavo/models/decoder/token-history.js';

const before = [2, -2, 4, -4, 0, 1];

/** Prompt 0 and 1; output 1, 2, 2, 3. */
function adjusted(sampling: Partial<Sampling>): number[] {
  const history = new TokenHistory();
  history.addPrompt([0, 1]);
  for (const token of [1, 2, 2, 3]) history.addGenerated(token);
  const logits = Float32Array.from(before);
  adjustLogits(logits, { ...greedy, ...sampling }, history);
  return [...logits];
}

test.each<[string, Partial<Sampling>, number[]]>([
  ['nothing asked, nothing changed', {}, before],
  ['presence: once for each generated token, not for the prompt', { presencePenalty: 0.5 }, [2, -2.5, 3.5, -4.5, 0, 1]],
  ['frequency: for each time it was generated', { frequencyPenalty: 0.5 }, [2, -2.5, 3, -4.5, 0, 1]],
  ['both add up', { presencePenalty: 1, frequencyPenalty: 0.5 }, [2, -3.5, 2, -5.5, 0, 1]],
  ['negative penalties encourage', { presencePenalty: -1 }, [2, -1, 5, -3, 0, 1]],
  ['repetition: prompt and output, once, away from zero likelihood', { repetitionPenalty: 2 }, [1, -4, 2, -8, 0, 1]],
  ['repetition comes before presence', { repetitionPenalty: 2, presencePenalty: 1 }, [1, -5, 1, -9, 0, 1]],
  [
    'bias is added',
    {
      logitBias: [
        [4, 3],
        [0, -100],
      ],
    },
    [-98, -2, 4, -4, 3, 1],
  ],
  ['stop tokens before the minimum length', { stopTokens: [2, 5], minTokens: 5 }, [2, -2, -Infinity, -4, 0, -Infinity]],
  ['stop tokens once it is reached', { stopTokens: [2, 5], minTokens: 4 }, before],
  [
    'no bias allows a forbidden token',
    { logitBias: [[5, 100]], stopTokens: [5], minTokens: 9 },
    [2, -2, 4, -4, 0, -Infinity],
  ],
])('%s', (_, sampling, expected) => {
  expect(adjusted(sampling)).toEqual(expected);
});
