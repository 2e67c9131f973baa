/** Prompts with their answers: what encoder-decoders are measured on. */

export interface Answer {
  /** Token ids. */
  readonly prompt: readonly number[];
  /** Token ids, each predicted from the prompt and those before it; at least one. */
  readonly answer: readonly number[];
}

/** Answers that are read together, the longest first. */
export type AnswerBatch = readonly Answer[];

/** Answers of one batch at most. */
export const answerRows = 16;
/** Bytes of logits that one batch may give. */
const logitsBytes = 32 << 20;

/** Batches of answers of like lengths; each has logits that fit into memory, or a single answer. */
export function batchAnswers(answers: readonly Answer[], vocab: number): AnswerBatch[] {
  const most = Math.floor(logitsBytes / (4 * vocab));
  const batches: Answer[][] = [];
  let [batch, predictions]: [Answer[], number] = [[], 0];
  for (const answer of answers.toSorted((a, b) => b.answer.length - a.answer.length)) {
    if (batch.length === 0 || batch.length === answerRows || predictions + answer.answer.length > most) {
      [batch, predictions] = [[], 0];
      batches.push(batch);
    }
    batch.push(answer);
    predictions += answer.answer.length;
  }
  return batches;
}

export function countAnswerTokens(answers: readonly Answer[]): number {
  return answers.reduce((sum, { answer }) => sum + answer.length, 0);
}
