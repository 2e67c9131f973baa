/** The classifier of the safety filter as a model serves it: texts through its batcher, labels as categories. */
import { invariant } from '../errors.js';
import type { TextTokenizer } from '../models/served-model.js';
import type { Classify } from '../safety/classifier-screen.js';
import type { LabelMap } from '../safety/label-map.js';
import type { EncodingReplica } from './dependencies.js';
import { labelScores } from './label-scores.js';
import { checkIds } from './prompt.js';

/** A part of one of several texts. */
interface Part {
  /** Which of them. */
  readonly text: number;
  readonly ids: readonly number[];
}

/** The texts of a call are computed together, and with whatever else waits for the model. */
export function classifyBy({ model, encoder }: EncodingReplica, { categories }: LabelMap): Classify {
  const { head, tokenizer, contextLength } = model;
  invariant(head.task === 'classify', 'a classifier has labels');
  const meant = head.labels.map((label) => categories.get(label) ?? []);
  return async (texts, { signal }) => {
    const parts: Part[] = [];
    for (const [index, text] of texts.entries()) {
      for (const ids of await encodeParts(text, { tokenizer, contextLength })) parts.push({ text: index, ids });
    }
    const scores = texts.map(() => new Map<string, number>());
    if (parts.length === 0) return scores;
    const rows = await encoder.encode({ texts: parts.map(({ ids }) => ids), ...(signal && { signal }) });
    for (const [index, { text }] of parts.entries()) {
      raise(scores[text]!, labelScores(rows[index]!, head), meant);
    }
    return scores;
  };
}

interface Reader {
  readonly tokenizer: TextTokenizer;
  readonly contextLength: number;
}

/** The ids of a text or, where they are too many for the model, of its halves: no part of a text goes unread. */
async function encodeParts(text: string, reader: Reader): Promise<(readonly number[])[]> {
  const { tokenizer, contextLength } = reader;
  const ids = checkIds(await tokenizer.encode(text, { addSpecialTokens: true }), tokenizer, 'input');
  if (ids.length === 0) return [];
  if (ids.length <= contextLength) return [ids];
  const characters = Array.from(text);
  invariant(characters.length > 1, 'a character has fewer tokens than the context of a classifier');
  const middle = Math.ceil(characters.length / 2);
  const halves = [characters.slice(0, middle), characters.slice(middle)];
  return (await Promise.all(halves.map((half) => encodeParts(half.join(''), reader)))).flat();
}

/** Of a category counts the highest score of its labels, in any part. */
function raise(scores: Map<string, number>, row: readonly number[], meant: readonly (readonly string[])[]): void {
  for (const [label, score] of row.entries()) {
    for (const category of meant[label] ?? []) scores.set(category, Math.max(score, scores.get(category) ?? 0));
  }
}
