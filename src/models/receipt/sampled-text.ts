/** Text that a model writes itself: what its precision is measured on when there is no other text. */
import { greedy, type Sampling } from '../decoder/sampling.js';
import type { DecoderEngine } from '../decoder/step.js';

export interface SamplingPlan {
  /** Every text begins with this token, which is given and not sampled. */
  readonly begin: number;
  /** A text ends with one of these, or at `length` tokens. */
  readonly endTokens: readonly number[];
  readonly length: number;
  /** Tokens to sample in all. */
  readonly tokens: number;
  readonly onToken?: (sampled: number) => void;
}

/** Text i is sampled with this seed plus i. */
const firstSeed = 20_000;

/**
 * Samples at temperature 1 without truncation, so that the texts are distributed as the model predicts them; all rows
 * of the engine together. The same engine on the same machine gives the same texts.
 */
export async function sampleTexts(engine: DecoderEngine, plan: SamplingPlan): Promise<readonly number[][]> {
  const texts: number[][] = [];
  const rows: number[][] = [];
  let sampled = 0;
  const take = (row: number[], token: number) => {
    if (sampled === plan.tokens) return;
    row.push(token);
    sampled += 1;
    plan.onToken?.(sampled);
  };
  while (sampled < plan.tokens) {
    for (let row = 0; row < engine.rows; row++) {
      const text = rows[row];
      if (text !== undefined && !isComplete(text, plan)) continue;
      const begun = [plan.begin];
      rows[row] = begun;
      take(begun, await beginText(engine, { row, begin: plan.begin, seed: firstSeed + texts.length }));
      texts.push(begun);
    }
    const { tokens } = await engine.step({ moves: [], work: { kind: 'decode', rows: engine.rows, rounds: 1 } });
    rows.forEach((text, row) => {
      if (!isComplete(text, plan)) take(text, tokens[row]![0]!);
    });
  }
  return texts.filter((text) => text.length > 1);
}

function isComplete(text: readonly number[], { endTokens, length }: SamplingPlan): boolean {
  return text.length >= length || (text.length > 1 && endTokens.includes(text.at(-1)!));
}

/** The first sampled token of a new text in `row`, whatever the row held before. */
async function beginText(
  engine: DecoderEngine,
  { row, begin, seed }: { readonly row: number; readonly begin: number; readonly seed: number },
): Promise<number> {
  const sampling: Sampling = { ...greedy, temperature: 1, seed };
  const chunks = [{ ids: [begin], past: 0, sampling }];
  const { tokens } = await engine.step({ moves: [], work: { kind: 'prefill', firstRow: row, chunks } });
  return tokens[0]![0]!;
}
