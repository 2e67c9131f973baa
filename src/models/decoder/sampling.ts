/** How the next token of one sequence is chosen. */

export interface Sampling {
  /** 0 is greedy; otherwise logits are divided by it. */
  readonly temperature: number;
  /** Keep the k most likely tokens; 0 is off. */
  readonly topK: number;
  /** Keep the smallest set of tokens whose probability reaches this; 1 is off. */
  readonly topP: number;
  /** Drop tokens less likely than this share of the most likely one; 0 is off. */
  readonly minP: number;
  /** Subtracted once from each token that was generated before. */
  readonly presencePenalty: number;
  /** Subtracted for each time a token was generated before. */
  readonly frequencyPenalty: number;
  /** Divides positive and multiplies negative logits of tokens in the prompt or the output (CTRL, arXiv 1909.05858); 1 is off. */
  readonly repetitionPenalty: number;
  /** Added to the logits: token id and bias. */
  readonly logitBias: readonly (readonly [token: number, bias: number])[];
  /** Randomness is a function of (seed, position) alone. Unsigned 32 bits. */
  readonly seed: number;
  /** These end the sequence and are not part of its text; they cannot be chosen before `minTokens` tokens were generated. */
  readonly stopTokens: readonly number[];
  readonly minTokens: number;
  /** The log-probability of each sampled token is told too: it costs as much as drawing one. */
  readonly logProbabilities?: boolean;
}

export const greedy: Sampling = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  logitBias: [],
  seed: 0,
  stopTokens: [],
  minTokens: 0,
};
