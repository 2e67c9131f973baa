/** Logits of labels for the same texts, or tokens, by two models: whether they say the same, and how far apart they are. */
import type { ValuesPair } from './comparison-protocol.js';
import type { Quality } from './gauge.js';
import { percent } from './percent.js';
import type { FiguresOf, ReadText } from './receipt.js';

export interface LabelUse {
  readonly task: 'classify' | 'tag';
  readonly text: ReadText;
  /** How logits become scores: over all labels, or each by itself. */
  readonly scores: 'softmax' | 'sigmoid';
}

type LabelFigures = Omit<FiguresOf<'classify'>, 'task' | 'text'>;

/**
 * The loss is the share of texts, or tokens, whose label is another; of a model with a single label, whose score is what
 * counts, the mean difference of scores. `rows`: logits of a text or token each, [labels]; at least one.
 */
export function labelQuality({ task, text, scores }: LabelUse, rows: readonly ValuesPair[]): Quality {
  const figures = compareLabels(rows, scores);
  const what = `${rows.length} ${task === 'tag' ? 'tokens' : 'texts'}`;
  const single = scores === 'sigmoid' && rows[0]?.reference.length === 1;
  const loss = single ? figures.scores.mean : 1 - figures.agreement;
  const told = single
    ? `changes scores by ${percent(loss)} on average (${what})`
    : `changes the labels of ${percent(loss)} (of ${what})`;
  return { figures: { task, text, ...figures }, loss, told };
}

/** Mean divergence of the scores. */
export function labelDistance(rows: readonly ValuesPair[], scores: LabelUse['scores']): number {
  return compareLabels(rows, scores).divergence;
}

function compareLabels(rows: readonly ValuesPair[], scores: LabelUse['scores']): LabelFigures {
  let [agreed, divergence] = [0, 0];
  const [logits, chances] = [new Differences(), new Differences()];
  for (const { reference, model } of rows) {
    const [expected, given] = [distributions(reference, scores), distributions(model, scores)];
    if (expected.every((one, index) => argmax(one) === argmax(given[index]!))) agreed += 1;
    expected.forEach((one, index) => {
      divergence += divergenceOf(one, given[index]!);
      // Of two outcomes the second is what the first leaves.
      const [shown, count] = [given[index]!, scores === 'sigmoid' ? 1 : one.length];
      for (let i = 0; i < count; i++) chances.add(one[i]! - shown[i]!);
    });
    for (let i = 0; i < reference.length; i++) logits.add(reference[i]! - model[i]!);
  }
  return {
    agreement: agreed / rows.length,
    divergence: Math.max(0, divergence / rows.length),
    logits: logits.summary,
    scores: chances.summary,
  };
}

class Differences {
  #largest = 0;
  #total = 0;
  #count = 0;

  add(difference: number): void {
    // Not a number must not hide behind the largest so far.
    this.#largest = Math.max(this.#largest, Math.abs(difference));
    this.#total += Math.abs(difference);
    this.#count += 1;
  }

  get summary() {
    return { largest: this.#largest, mean: this.#total / this.#count };
  }
}

/** One over all labels; or for each label by itself: yes and no. */
function distributions(logits: Float32Array, scores: LabelUse['scores']): readonly (readonly number[])[] {
  return scores === 'softmax' ? [softmax([...logits])] : Array.from(logits, (logit) => softmax([logit, 0]));
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Of Kullback and Leibler, from `p` to `q`, in nats. */
function divergenceOf(p: readonly number[], q: readonly number[]): number {
  return p.reduce(
    (sum, chance, i) => (chance === 0 ? sum : sum + chance * Math.log(chance / Math.max(q[i]!, 1e-300))),
    0,
  );
}

/** The first of the largest. */
function argmax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
