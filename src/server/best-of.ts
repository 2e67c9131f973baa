/** `best_of`: more candidates than are asked for, of which the best are answered. */
import { invariant, OctavoError } from '../errors.js';
import type { Choices, WholeChoice } from './choices.js';
import type { Replica, ValueModel } from './dependencies.js';
import { type ClassifyHead, labelScores } from './label-scores.js';
import { checkIds } from './prompt.js';

export interface BestOf {
  /** Choices that are answered for each prompt, of so many candidates. */
  readonly n: number;
  readonly bestOf: number;
  readonly rank: Rank;
}

/** What a candidate is worth: the higher the better. */
export type Rank = (candidates: readonly WholeChoice[], choices: Choices) => Promise<readonly number[]>;

/** How likely the model thinks its text, by token: as OpenAI ranks. */
export const byLogProbability: Rank = async (candidates, choices) =>
  candidates.map(({ index }) => choices.meanLogProbability(index));

/**
 * `--rank-by`: `model`, `model=label`, or `model=-label` for the least of a label; without one the model's first.
 * Throws `invalid_config`.
 */
export function findValueModel(models: readonly Replica[], setting: string): ValueModel {
  const [, id = '', minus = '', label] = /^([^=]*)(?:=(-?)(.*))?$/s.exec(setting) ?? [];
  const replica = models.find(({ model }) => model.id === id);
  if (replica?.kind !== 'encoder' || replica.model.head.task !== 'classify') {
    throw new OctavoError(
      'invalid_config',
      `--rank-by: no model "${id}" that classifies is served; add it to --model.`,
    );
  }
  const { labels } = replica.model.head;
  const index = label === undefined ? 0 : labels.indexOf(label);
  if (index < 0) {
    const known = labels.map((one) => `"${one}"`).join(', ');
    throw new OctavoError('invalid_config', `--rank-by: the model "${id}" has no label "${label}"; it has ${known}.`);
  }
  return { replica, label: index, leastFirst: minus === '-' };
}

/**
 * By what a classifier says of the text alone; one that is too long for it is judged by its beginning, and one without
 * tokens is worth least.
 */
export function byValueModel({ replica, label, leastFirst }: ValueModel, signal: AbortSignal): Rank {
  const { model, encoder } = replica;
  const { head, tokenizer, contextLength } = model;
  invariant(head.task === 'classify', 'a value model classifies');
  return async (candidates) => {
    const encoded = await Promise.all(
      candidates.map(async ({ text }) => {
        const ids = checkIds(await tokenizer.encode(text, { addSpecialTokens: true }), tokenizer, 'best_of');
        return tokenizer.cut(ids, contextLength);
      }),
    );
    const written = encoded.flatMap((ids, index) => (ids.length > 0 ? [{ ids, index }] : []));
    const values = candidates.map(() => Number.NEGATIVE_INFINITY);
    if (written.length === 0) return values;
    const rows = await encoder.encode({ texts: written.map(({ ids }) => ids), signal });
    for (const [row, { index }] of written.entries()) {
      const value = worthOf(rows[row]!, head, label);
      values[index] = leastFirst ? -value : value;
    }
    return values;
  };
}

/** Of a single label the softmax is always 1: a reward model's number itself says more. */
function worthOf(row: Float32Array, head: ClassifyHead, label: number): number {
  const scores = labelScores(row, head);
  return head.labels.length === 1 ? row[0]! : scores[label]!;
}

/**
 * The best `n` of each prompt's candidates, best first, numbered anew. What the safety filter cut short comes last,
 * whatever it is worth; of equals the first.
 */
export function chooseBest(
  candidates: readonly WholeChoice[],
  values: readonly number[],
  { n, bestOf }: Pick<BestOf, 'n' | 'bestOf'>,
): WholeChoice[] {
  const worth = candidates.map((candidate, index) => ({
    candidate,
    isWhole: candidate.finish !== 'content_filter',
    value: values[index] ?? Number.NEGATIVE_INFINITY,
  }));
  const prompts = Array.from({ length: candidates.length / bestOf }, (_, prompt) =>
    worth.slice(prompt * bestOf, (prompt + 1) * bestOf),
  );
  return prompts
    .flatMap((group) =>
      group.toSorted((a, b) => Number(b.isWhole) - Number(a.isWhole) || compare(b.value, a.value)).slice(0, n),
    )
    .map(({ candidate }, index) => ({ ...candidate, index }));
}

/** Not by subtraction, which of two infinities makes no number. */
function compare(one: number, other: number): number {
  return Number(one > other) - Number(one < other);
}
