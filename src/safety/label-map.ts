/** What the labels of a classifier, or the words of a guard, mean: categories of moderation, and from which score on each counts as found. */
import { z } from 'zod';
import { OctavoError } from '../errors.js';
import { describeFaults } from '../validation-issue.js';
import { defaultThreshold } from './judge.js';
import { categorySchema } from './rule.js';

export interface LabelMap {
  /** Categories that a label stands for. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
  /** Of each category. */
  readonly thresholds: ReadonlyMap<string, number>;
}

const oneOrMore = z.union([categorySchema, z.array(categorySchema).min(1)]).transform((value) => [value].flat());

/** `moderation.json`, beside the model. */
const schema = z.strictObject({
  version: z.literal(1),
  /** Of a model that generates: how it is asked, and what it replies with. */
  guard: z.string().optional(),
  labels: z.record(z.string(), oneOrMore.nullable()).optional(),
  thresholds: z.record(z.string(), z.number().min(0).max(1)).default({}),
});

/** A model, as far as its labels go. */
interface Labelled {
  readonly id: string;
  readonly labels: readonly string[];
  /** What they stand for where the file does not say; left out: for the categories of their own names. */
  readonly meanings?: Readonly<Record<string, readonly string[]>>;
}

/**
 * `file`: the content of moderation.json; without it (`null`) labels stand for the categories of their own names.
 * Labels that it does not name stand for nothing, or for what a guard's format says. Throws `invalid_model`, saying what is wrong and what is allowed.
 */
export function readLabelMap(file: unknown, model: Labelled): LabelMap {
  const { labels, thresholds } = parse(file, model);
  const categories = new Map<string, readonly string[]>();
  for (const [label, meant] of Object.entries(labels)) {
    if (!model.labels.includes(label)) refuse(model, `it names the label "${label}", which the model does not have`);
    if (meant !== null) categories.set(label, meant);
  }
  const all = [...new Set([...categories.values()].flat())];
  if (all.length === 0)
    refuse(
      model,
      file === null ? 'it is missing, and no label has the name of a category' : 'it gives no label a category',
    );
  const stray = Object.keys(thresholds).find((category) => !all.includes(category));
  if (stray !== undefined) refuse(model, `it has a threshold for "${stray}", which no label stands for`);
  return { categories, thresholds: new Map(all.map((name) => [name, thresholds[name] ?? defaultThreshold])) };
}

interface Meanings {
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  readonly thresholds: Readonly<Record<string, number>>;
}

function parse(file: unknown, model: Labelled): Meanings {
  if (file === null) return { labels: model.meanings ?? namesakes(model), thresholds: {} };
  const result = schema.safeParse(file);
  if (!result.success) refuse(model, describeFaults(result.error));
  const { guard, labels, thresholds } = result.data;
  if (model.meanings) return { labels: { ...model.meanings, ...labels }, thresholds };
  if (guard !== undefined) refuse(model, 'it names a guard, but the model classifies');
  if (labels === undefined) refuse(model, 'it has no labels');
  return { labels, thresholds };
}

/** OpenAI's categories have "/" in their names, or these beginnings. */
const knownCategory = /^(harassment|hate|illicit|self-harm|sexual|violence)(\/[a-z]+)?$/;

function namesakes({ labels }: Labelled): Record<string, string[] | null> {
  return Object.fromEntries(labels.map((label) => [label, knownCategory.test(label) ? [label] : null]));
}

function refuse({ id, labels }: Labelled, fault: string): never {
  const known = labels.map((label) => `"${label}"`).join(', ');
  const message =
    `The moderation.json of the model ${id} cannot be used: ${fault}. It gives the model's labels (${known}) categories, ` +
    'such as {"version": 1, "labels": {"toxic": "harassment"}}; put it into the checkpoint and build again.';
  throw new OctavoError('invalid_model', message);
}
