/** Text that a model writes itself: what its precision is measured on when there is no other text. */
import { createHash } from 'node:crypto';
import { greedy, type Sampling } from '../decoder/sampling.js';
import type { DecoderEngine } from '../decoder/step.js';
import type { Answer } from './answers.js';

export interface SamplingPlan {
  /** What the model goes on from: each in turn, and again from the first. */
  readonly prompts: readonly (readonly number[])[];
  /** An answer ends with one of these, or at `length` tokens. */
  readonly endTokens: readonly number[];
  readonly length: number;
  /** Tokens to sample in all. */
  readonly tokens: number;
  readonly onToken?: (sampled: number) => void;
}

interface SampledAnswer extends Answer {
  readonly answer: number[];
}

/** Answer i is sampled with this seed plus i. */
const firstSeed = 20_000;

/**
 * Samples at temperature 1 without truncation, so that the answers are distributed as the model predicts them; all rows
 * of the engine together. The same engine on the same machine gives the same answers.
 */
export async function sampleAnswers(engine: DecoderEngine, plan: SamplingPlan): Promise<readonly Answer[]> {
  const answers: SampledAnswer[] = [];
  const rows: SampledAnswer[] = [];
  let sampled = 0;
  const take = ({ answer }: SampledAnswer, token: number) => {
    if (sampled === plan.tokens) return;
    answer.push(token);
    sampled += 1;
    plan.onToken?.(sampled);
  };
  while (sampled < plan.tokens) {
    for (let row = 0; row < engine.rows; row++) {
      const running = rows[row];
      if (running !== undefined && !isComplete(running, plan)) continue;
      const begun: SampledAnswer = { prompt: plan.prompts[answers.length % plan.prompts.length]!, answer: [] };
      rows[row] = begun;
      take(begun, await beginAnswer(engine, { row, ids: begun.prompt, seed: firstSeed + answers.length }));
      answers.push(begun);
    }
    const { tokens } = await engine.step({ moves: [], work: { kind: 'decode', rows: engine.rows, rounds: 1 } });
    rows.forEach((running, row) => {
      if (!isComplete(running, plan)) take(running, tokens[row]![0]!);
    });
  }
  return answers.filter(({ answer }) => answer.length > 0);
}

/** SHA-256 of token ids as unsigned 32 bits, little endian. */
export function hashIds(texts: readonly (readonly number[])[]): string {
  return createHash('sha256').update(Uint32Array.from(texts.flat())).digest('hex');
}

function isComplete({ answer }: Answer, { endTokens, length }: SamplingPlan): boolean {
  return answer.length >= length || (answer.length > 0 && endTokens.includes(answer.at(-1)!));
}

/** The first sampled token of a new answer in `row`, whatever the row held before. */
async function beginAnswer(
  engine: DecoderEngine,
  { row, ids, seed }: { readonly row: number; readonly ids: readonly number[]; readonly seed: number },
): Promise<number> {
  const sampling: Sampling = { ...greedy, temperature: 1, seed };
  const chunks = [{ ids, past: 0, sampling }];
  const { tokens } = await engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks } });
  return tokens[0]![0]!;
}
